//! From a script on which the two sides differ to a short one on which they still do.

use crate::random::script::Step;

/// How often a shorter script may agree before it is taken to agree: some faults are of time.
const TRIES_COUNT: usize = 3;

/// Leaves out steps as long as `differ` says how the sides differ; what is left, and the difference.
pub(crate) fn shrink(
    script: &[Step],
    difference: String,
    mut differ: impl FnMut(&[Step]) -> Option<String>,
) -> (Vec<Step>, String) {
    let mut differs = |script: &[Step]| (0..TRIES_COUNT).find_map(|_| differ(script));
    let mut script = script.to_vec();
    let Some(mut difference) = differs(&script) else {
        return (script, format!("  only sometimes\n{difference}"));
    };
    let mut size = script.len().div_ceil(2);
    while size != 0 {
        let mut place = 0;
        let mut is_shorter = false;
        while place < script.len() {
            let mut shorter = script.clone();
            shorter.drain(place..script.len().min(place + size));
            match differs(&shorter) {
                Some(found) => (script, difference, is_shorter) = (shorter, found, true),
                None => place += size,
            }
        }
        // The same size once more, for what could not go before something else had gone.
        if !is_shorter {
            size /= 2;
        }
    }
    (script, difference)
}
