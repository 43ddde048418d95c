//! What a client says: frames of the protocol, byte by byte.

/// A frame of any tag, or of none.
pub(crate) fn framed(tag: Option<u8>, body: &[u8]) -> Vec<u8> {
    let mut frame: Vec<u8> = tag.into_iter().collect();
    frame.extend(u32::try_from(body.len() + 4).unwrap().to_be_bytes());
    frame.extend_from_slice(body);
    frame
}

pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.push(0);
}

pub(crate) fn query(sql: &str) -> Vec<u8> {
    let mut body = Vec::with_capacity(sql.len() + 1);
    put_text(&mut body, sql);
    framed(Some(b'Q'), &body)
}

pub(crate) fn parse(name: &str, sql: &str) -> Vec<u8> {
    let mut body = Vec::new();
    put_text(&mut body, name);
    put_text(&mut body, sql);
    body.extend([0, 0]);
    framed(Some(b'P'), &body)
}

/// A Bind with parameters in text.
pub(crate) fn bind(portal: &str, name: &str, values: &[&str]) -> Vec<u8> {
    let mut body = Vec::new();
    put_text(&mut body, portal);
    put_text(&mut body, name);
    body.extend([0, 0]);
    body.extend(u16::try_from(values.len()).unwrap().to_be_bytes());
    for value in values {
        body.extend(u32::try_from(value.len()).unwrap().to_be_bytes());
        body.extend_from_slice(value.as_bytes());
    }
    body.extend([0, 0]);
    framed(Some(b'B'), &body)
}

fn target(tag: u8, kind: u8, name: &str) -> Vec<u8> {
    let mut body = vec![kind];
    put_text(&mut body, name);
    framed(Some(tag), &body)
}

pub(crate) fn describe(name: &str) -> Vec<u8> {
    target(b'D', b'S', name)
}

pub(crate) fn describe_portal(name: &str) -> Vec<u8> {
    target(b'D', b'P', name)
}

pub(crate) fn close(name: &str) -> Vec<u8> {
    target(b'C', b'S', name)
}

pub(crate) fn close_portal(name: &str) -> Vec<u8> {
    target(b'C', b'P', name)
}

pub(crate) fn execute(portal: &str, rows_max: u32) -> Vec<u8> {
    let mut body = Vec::new();
    put_text(&mut body, portal);
    body.extend(rows_max.to_be_bytes());
    framed(Some(b'E'), &body)
}

pub(crate) fn sync() -> Vec<u8> {
    framed(Some(b'S'), &[])
}

pub(crate) fn flush() -> Vec<u8> {
    framed(Some(b'H'), &[])
}

pub(crate) fn copied(data: &[u8]) -> Vec<u8> {
    framed(Some(b'd'), data)
}

pub(crate) fn copy_done() -> Vec<u8> {
    framed(Some(b'c'), &[])
}

pub(crate) fn copy_fail(why: &str) -> Vec<u8> {
    let mut body = Vec::new();
    put_text(&mut body, why);
    framed(Some(b'f'), &body)
}

pub(crate) fn terminate() -> Vec<u8> {
    framed(Some(b'X'), &[])
}

/// Parse, Bind, Execute of the unnamed statement, without Sync.
pub(crate) fn run(sql: &str, values: &[&str]) -> Vec<u8> {
    [parse("", sql), bind("", "", values), execute("", 0)].concat()
}

/// Bind and Execute of a named statement, without Sync.
pub(crate) fn rerun(name: &str, values: &[&str]) -> Vec<u8> {
    [bind("", name, values), execute("", 0)].concat()
}
