//! Sorting in few bytes of code: the standard library's takes three kilobytes of a customer's download for each type
//! that it sorts.

/// Sorts by a key; what has the same key comes in no certain order (heapsort: Williams, "Algorithm 232", 1964). What is
/// in order already is seen to be so.
pub(crate) fn sort<T>(items: &mut [T], key: impl Fn(&T) -> u64) {
    if items.is_sorted_by_key(&key) {
        return;
    }
    let len = items.len();
    for start in (0..len / 2).rev() {
        sift(items, start, len, &key);
    }
    for end in (1..len).rev() {
        items.swap(0, end);
        sift(items, 0, end, &key);
    }
}

/// Moves the item at `at` down to its place in the heap of the first `end`.
fn sift<T>(items: &mut [T], mut at: usize, end: usize, key: &impl Fn(&T) -> u64) {
    loop {
        let mut child = at * 2 + 1;
        if child >= end {
            return;
        }
        if child + 1 < end && key(&items[child]) < key(&items[child + 1]) {
            child += 1;
        }
        if key(&items[at]) >= key(&items[child]) {
            return;
        }
        items.swap(at, child);
        at = child;
    }
}

#[cfg(test)]
mod tests {
    use super::sort;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_the_standard_library_sorts(mut items in prop::collection::vec(0..50_u64, 0..200)) {
            let mut expected = items.clone();
            expected.sort_unstable();
            sort(&mut items, |item| *item);
            prop_assert_eq!(items, expected);
        }
    }
}
