//! What a package promises, as names with types that can be compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use wit_parser::{
    Function, FunctionKind, Handle, Interface, PackageId, Resolve, Stability, Type, TypeDefKind,
    TypeId, TypeOwner, World, WorldItem, WorldKey,
};

/// What a package promises.
pub struct Contract {
    pub version: Version,
    pub items: BTreeMap<String, Promise>,
    /// Names, as in `items`, of interfaces that plugins export.
    exported: Vec<String>,
}

#[derive(Default)]
pub struct Promise {
    /// Its type; empty for a world, an interface and a part of a world.
    pub text: String,
    /// What it belongs to, by its name in `items`.
    pub within: String,
    pub since: Option<Version>,
    /// Something that a plugin must have, where it belongs to what a plugin exports.
    pub owed: bool,
    /// Follows from others: an import that holds nothing but types.
    pub of_itself: bool,
}

impl Contract {
    pub fn of(resolve: &Resolve, package: PackageId) -> Self {
        let package = &resolve.packages[package];
        let version = package.name.version.as_ref().expect("a version");
        let mut contract = Contract {
            version: Version(version.major, version.minor, version.patch),
            items: BTreeMap::new(),
            exported: Vec::new(),
        };
        for (name, &id) in &package.interfaces {
            contract.interface(resolve, name, &resolve.interfaces[id]);
        }
        for (name, &id) in &package.worlds {
            contract.world(resolve, name, &resolve.worlds[id]);
        }
        contract
    }

    fn interface(&mut self, resolve: &Resolve, name: &str, interface: &Interface) {
        let within = format!("interface `{name}`");
        self.add(within.clone(), Promise::since(&interface.stability));
        for (name, &id) in &interface.types {
            let promise = Promise {
                text: definition(resolve, id),
                within: within.clone(),
                ..Promise::since(&resolve.types[id].stability)
            };
            self.add(format!("{within}: type `{name}`"), promise);
        }
        for function in interface.functions.values() {
            let promise = Promise {
                text: signature(resolve, function),
                within: within.clone(),
                owed: true,
                ..Promise::since(&function.stability)
            };
            self.add(format!("{within}: function `{}`", function.name), promise);
        }
    }

    fn world(&mut self, resolve: &Resolve, name: &str, world: &World) {
        let within = format!("world `{name}`");
        self.add(within.clone(), Promise::since(&world.stability));
        let imports = world.imports.iter().map(|it| (it, false));
        let exports = world.exports.iter().map(|it| (it, true));
        for ((key, item), exported) in imports.chain(exports) {
            let way = if exported { "export" } else { "import" };
            let (what, promise) = match (key, item) {
                (WorldKey::Interface(id), WorldItem::Interface { stability, .. }) => {
                    let interface = &resolve.interfaces[*id];
                    let name = interface.name.clone().unwrap_or_default();
                    if exported {
                        self.exported.push(format!("interface `{name}`"));
                    }
                    let mut promise = Promise::since(stability);
                    promise.since = promise.since.or(since(&interface.stability));
                    promise.of_itself = !exported && interface.functions.is_empty();
                    (name, promise)
                }
                (_, WorldItem::Function(function)) => {
                    let mut promise = Promise::since(&function.stability);
                    promise.text = signature(resolve, function);
                    (function.name.clone(), promise)
                }
                (_, WorldItem::Type { id, .. }) => {
                    let mut promise = Promise::since(&resolve.types[*id].stability);
                    promise.text = definition(resolve, *id);
                    (resolve.types[*id].name.clone().unwrap_or_default(), promise)
                }
                (WorldKey::Name(name), WorldItem::Interface { id, stability, .. }) => {
                    self.interface(resolve, name, &resolve.interfaces[*id]);
                    (name.clone(), Promise::since(stability))
                }
            };
            let promise = Promise {
                within: within.clone(),
                owed: exported,
                ..promise
            };
            self.add(format!("{within}: {way} `{what}`"), promise);
        }
    }

    fn add(&mut self, name: String, promise: Promise) {
        self.items.insert(name, promise);
    }

    /// Whether components that exist have all of it: what they export, and their world.
    pub fn owes(&self, within: &str) -> bool {
        within.starts_with("world ") || self.exported.iter().any(|name| name == within)
    }
}

impl Promise {
    fn since(stability: &Stability) -> Self {
        Promise {
            since: since(stability),
            ..Promise::default()
        }
    }
}

fn since(stability: &Stability) -> Option<Version> {
    match stability {
        Stability::Stable { since, .. } => Some(Version(since.major, since.minor, since.patch)),
        Stability::Unknown | Stability::Unstable { .. } => None,
    }
}

fn signature(resolve: &Resolve, function: &Function) -> String {
    let parameters = function.params.iter();
    let parameters: Vec<String> = parameters
        .map(|it| format!("{}: {}", it.name, text(resolve, &it.ty)))
        .collect();
    let kind = match function.kind {
        FunctionKind::Freestanding | FunctionKind::Method(_) => "func",
        FunctionKind::Constructor(_) => "constructor",
        FunctionKind::Static(_) => "static func",
        _ => "another kind of func",
    };
    let mut signature = format!("{kind}({})", parameters.join(", "));
    if let Some(result) = &function.result {
        let _ = write!(signature, " -> {}", text(resolve, result));
    }
    signature
}

/// The type itself, not its name.
fn definition(resolve: &Resolve, id: TypeId) -> String {
    let typed = |name: &str, ty: &Option<Type>| match ty {
        Some(ty) => format!("{name}({})", text(resolve, ty)),
        None => name.to_owned(),
    };
    let all = |kind: &str, parts: Vec<String>| format!("{kind} {{ {} }}", parts.join(", "));
    let some = |ty: &Option<Type>| ty.as_ref().map_or("_".to_owned(), |ty| text(resolve, ty));
    match &resolve.types[id].kind {
        TypeDefKind::Record(record) => all(
            "record",
            record
                .fields
                .iter()
                .map(|field| format!("{}: {}", field.name, text(resolve, &field.ty)))
                .collect(),
        ),
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter();
            all(
                "variant",
                cases.map(|case| typed(&case.name, &case.ty)).collect(),
            )
        }
        TypeDefKind::Enum(it) => all(
            "enum",
            it.cases.iter().map(|case| case.name.clone()).collect(),
        ),
        TypeDefKind::Flags(it) => all(
            "flags",
            it.flags.iter().map(|flag| flag.name.clone()).collect(),
        ),
        TypeDefKind::Resource => "resource".to_owned(),
        TypeDefKind::Handle(Handle::Own(of)) => name(resolve, *of),
        TypeDefKind::Handle(Handle::Borrow(of)) => format!("borrow<{}>", name(resolve, *of)),
        TypeDefKind::Tuple(tuple) => {
            let types: Vec<_> = tuple.types.iter().map(|ty| text(resolve, ty)).collect();
            format!("tuple<{}>", types.join(", "))
        }
        TypeDefKind::Option(ty) => format!("option<{}>", text(resolve, ty)),
        TypeDefKind::Result(it) => format!("result<{}, {}>", some(&it.ok), some(&it.err)),
        TypeDefKind::List(ty) => format!("list<{}>", text(resolve, ty)),
        TypeDefKind::Map(key, ty) => {
            format!("map<{}, {}>", text(resolve, key), text(resolve, ty))
        }
        TypeDefKind::FixedLengthList(ty, length) => {
            format!("list<{}, {length}>", text(resolve, ty))
        }
        TypeDefKind::Future(ty) => format!("future<{}>", some(ty)),
        TypeDefKind::Stream(ty) => format!("stream<{}>", some(ty)),
        TypeDefKind::Type(Type::Id(of)) if resolve.types[*of].name.is_some() => {
            // The same type in another interface: its place tells it from one of the same name.
            let owner = match resolve.types[*of].owner {
                TypeOwner::Interface(id) => resolve.interfaces[id].name.clone(),
                _ => None,
            };
            format!(
                "use {}.{{{}}}",
                owner.unwrap_or_default(),
                name(resolve, *of)
            )
        }
        TypeDefKind::Type(ty) => text(resolve, ty),
        TypeDefKind::Unknown => unreachable!("resolved"),
    }
}

/// A type as it is written where it is used.
fn text(resolve: &Resolve, ty: &Type) -> String {
    match ty {
        Type::Id(id) if resolve.types[*id].name.is_some() => name(resolve, *id),
        Type::Id(id) => definition(resolve, *id),
        primitive => format!("{primitive:?}").to_lowercase(),
    }
}

fn name(resolve: &Resolve, id: TypeId) -> String {
    resolve.types[id].name.clone().unwrap_or_default()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u64, pub u64, pub u64);

impl Version {
    /// Below 1.0.0 the second number promises what the first does above.
    pub fn is_compatible_with(self, other: Self) -> bool {
        self.0 == other.0 && (self.0 > 0 || self.1 == other.1)
    }

    pub fn next(self, compatible: bool) -> Self {
        match (compatible, self) {
            (true, Version(major @ 0, minor, patch)) => Version(major, minor, patch + 1),
            (true, Version(major, minor, _)) => Version(major, minor + 1, 0),
            (false, Version(0, minor, _)) => Version(0, minor + 1, 0),
            (false, Version(major, ..)) => Version(major + 1, 0, 0),
        }
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}
