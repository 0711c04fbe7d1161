//! The word that a misspelled one was meant to be.

/// The nearest of the candidates, if a third of its letters or fewer differ.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    const LONGEST: usize = 64;
    if word.len() > LONGEST {
        return None;
    }
    candidates
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions and substitutions (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let substituted = last[j] + usize::from(from != *to);
            row.push(substituted.min(last[j + 1] + 1).min(row[j] + 1));
        }
        last = row;
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let words = ["p2c", "round-robin", "sticky"];
        let found = |word: &str| nearest(word, words.into_iter());
        assert_eq!(found("round_robin"), Some("round-robin"));
        assert_eq!(found("stiky"), Some("sticky"));
        assert_eq!(found("p3c"), Some("p2c"));
        assert_eq!(found("leasttime"), None);
    }
}
