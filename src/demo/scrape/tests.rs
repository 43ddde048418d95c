use crate::demo::scrape::samples;

#[test]
fn lines_become_samples() {
    let page =
        "# HELP a text\n# TYPE a counter\na 1\nb{x=\"1:2\",y=\"z\"} 2.5\n\nc{} NaN\nd{x=\"open\n";
    let found = samples(page);
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!((found[0].name.as_str(), found[0].value), ("a", 1.0));
    assert_eq!(found[1].label("x"), Some("1:2"));
    assert_eq!(found[1].label("y"), Some("z"));
    assert_eq!(found[1].label("z"), None);
    assert!(found[2].value.is_nan());
}
