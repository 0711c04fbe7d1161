// QuickJS has no TextEncoder and no TextDecoder. Field values and bodies are bytes.

/** The bytes of a text, in UTF-8. */
export function bytes(text) {
  const encoded = unescape(encodeURIComponent(text));
  return Uint8Array.from(encoded, (letter) => letter.charCodeAt(0));
}

/** The text of some bytes, in UTF-8. Throws when they are no text. */
export function text(bytes) {
  return decodeURIComponent(escape(String.fromCharCode(...bytes)));
}
