//! What a client hears, in one line a message.

use pgsluice::wire::fields::Fields;

use crate::raw::Message;

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn texts(body: &[u8]) -> Vec<String> {
    body.split(|b| *b == 0).map(text).collect()
}

pub(crate) fn row(body: &[u8]) -> Vec<String> {
    let (mut rest, mut values) = (&body[2..], Vec::new());
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        match usize::try_from(i32::from_be_bytes(*length)) {
            Err(_) => {
                values.push("NULL".to_owned());
                rest = after;
            }
            Ok(length) => {
                values.push(text(&after[..length]));
                rest = &after[length..];
            }
        }
    }
    values
}

/// A message in brackets: what a driver would act on, and nothing that differs from run to run.
pub(crate) fn shown(message: &Message) -> String {
    let body = &message.body;
    let inner = match message.tag {
        b'T' => columns(body),
        b'D' => row(body).join("|"),
        b'C' | b'Z' => text(body).trim_end_matches('\0').to_owned(),
        b'E' | b'N' => {
            let fields = Fields::new(body);
            let code = text(fields.field(b'C').unwrap_or_default());
            format!("{code} {}", fields.message())
        }
        b'S' => texts(body)[..2].join("="),
        b'A' => texts(&body[4..])[..2].join(" "),
        b'd' if 64 < body.len() => format!("{} bytes", body.len()),
        b'd' => text(body).escape_default().to_string(),
        b'G' | b'H' | b't' | b'V' => format!("{body:?}"),
        _ => String::new(),
    };
    let tag = char::from(message.tag);
    if inner.is_empty() {
        tag.to_string()
    } else {
        format!("{tag}({inner})")
    }
}

/// Names, types and formats; not the table's OID, which differs.
pub(crate) fn columns(body: &[u8]) -> String {
    let (mut rest, mut columns) = (&body[2..], Vec::new());
    while !rest.is_empty() {
        let end = rest.iter().position(|b| *b == 0).unwrap();
        let fixed = &rest[end + 1..end + 19];
        let oid = u32::from_be_bytes(fixed[6..10].try_into().unwrap());
        columns.push(format!("{} {oid} {}", text(&rest[..end]), fixed[17]));
        rest = &rest[end + 19..];
    }
    columns.join(", ")
}
