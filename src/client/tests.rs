use super::*;

/// The size of what an async function returns, without calling it.
fn size_of_future<A, B, F>(_: fn(A, B) -> F) -> usize {
    size_of::<F>()
}

#[test]
fn an_idle_client_is_small() {
    let task = size_of_future(serve);
    let relay = size_of::<Relay>();
    assert!(task + relay <= 1664, "a client has {} bytes", task + relay);
}
