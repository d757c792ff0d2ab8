//! The cast: fantasy names, colours, places. Nobody here exists.

use crate::objects::Address;

pub(crate) const FIRST_NAMES: [&str; 40] = [
    "Aelith", "Bram", "Cassia", "Dorin", "Elowen", "Faelan", "Gwendor", "Hestia", "Idris", "Jorun", "Kaelis",
    "Liora", "Mirel", "Nimue", "Orsin", "Pell", "Quill", "Rowena", "Sorrel", "Taliesin", "Ulfa", "Vesper",
    "Wyn", "Xanthe", "Yarrow", "Zephyra", "Anselm", "Brisa", "Corvin", "Delphi", "Ember", "Fenna", "Galen",
    "Hazel", "Isolde", "Juniper", "Kestrel", "Lark", "Maren", "Niko",
];

pub(crate) const LAST_NAMES: [&str; 40] = [
    "Ashgrove",
    "Brightwater",
    "Copperkettle",
    "Duskwood",
    "Emberly",
    "Fernhollow",
    "Gloamfield",
    "Hartwell",
    "Ironquill",
    "Juniperson",
    "Kettlebrook",
    "Lanternby",
    "Mossvale",
    "Nightbloom",
    "Oakenshaw",
    "Pinewhistle",
    "Quicksilver",
    "Ravenhill",
    "Silverleaf",
    "Thistledown",
    "Underhill",
    "Vellum",
    "Winterbourne",
    "Xylander",
    "Yewbarrow",
    "Zirconia",
    "Amberfell",
    "Bramblewick",
    "Cloudberry",
    "Driftmoor",
    "Everglen",
    "Foxglove",
    "Goldenreed",
    "Hollowell",
    "Inkwell",
    "Jademoor",
    "Kindlewood",
    "Larkspur",
    "Moonbrook",
    "Nettlefield",
];

/// Colours the lamp comes in.
pub(crate) const COLORS: [&str; 6] = ["moss", "coral", "midnight", "sand", "lilac", "ink"];
/// Where visitors come from.
pub(crate) const SOURCES: [&str; 7] =
    ["instagram", "newsletter", "google", "tiktok", "friend", "press", "direct"];

/// A market: page language, currency, country, share of visitors.
pub(crate) const MARKETS: [(&str, &str, &str, u32); 9] = [
    ("en", "usd", "US", 30),
    ("en", "eur", "IE", 6),
    ("de", "eur", "DE", 18),
    ("fr", "eur", "FR", 14),
    ("zh-CN", "usd", "CN", 12),
    ("ja", "jpy", "JP", 9),
    ("es", "eur", "ES", 6),
    ("ar", "kwd", "KW", 2),
    ("pt-BR", "usd", "BR", 3),
];

/// The name that an e-mail address of the cast stands for.
pub(crate) fn name_of(email: &str) -> String {
    let local = email.split('@').next().unwrap_or_default();
    let words =
        local.split(['.', '_', '-', '+']).map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()));
    let mut name = String::new();
    for word in words.filter(|w| !w.is_empty()) {
        if !name.is_empty() {
            name.push(' ');
        }
        let mut letters = word.chars();
        name.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

/// A postal address in a country.
pub(crate) fn address_in(country: &str) -> Address {
    let (line1, city, postal_code) = match country {
        "US" => ("12 Harbor Lane", "Port Lantern", "04101"),
        "FR" => ("12 rue des Lucioles", "Montlumière", "75002"),
        "CN" => ("萤火路12号", "杭州", "310000"),
        "JP" => ("灯町1-2-3", "京都", "600-8001"),
        "ES" => ("Calle del Farol 12", "Villaluz", "28004"),
        "KW" => ("Block 4, Street 12", "Kuwait City", "13001"),
        "BR" => ("Rua do Farol 12", "Porto Luz", "20040-002"),
        "IE" => ("12 Lantern Quay", "Dunlamp", "D02 X285"),
        _ => ("Laternenweg 12", "Lampertsburg", "10115"),
    };
    Address {
        line1: line1.to_owned(),
        line2: None,
        state: None,
        city: city.to_owned(),
        postal_code: postal_code.to_owned(),
        country: country.to_owned(),
    }
}
