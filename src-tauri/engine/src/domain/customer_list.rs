//! Customer lists as advertising platforms publish their format: column names, what is trimmed, and what is hashed.
//!
//! - Meta: "How to format a customer list" (facebook.com/business/help/2082575038703844) for the columns; "Customer
//!   information parameters" (developers.facebook.com, Conversions API) and the key table of the Custom Audience API for
//!   the normal forms. Everything is hashed, the country too.
//! - Google: Customer Match template and "Format your customer data file" (support.google.com/google-ads/answer/7659867)
//!   for the columns; "Country and Zip data won't be hashed" (answer/7474263); "Format user data"
//!   (developers.google.com/data-manager/api/devguides/concepts/formatting) for the normal forms. There alone dots and
//!   what follows a plus are taken out of addresses, of gmail.com and googlemail.com only.
//! - TikTok: "List of supported IDs and formats for a customer file", August 2025
//!   (ads.tiktok.com/help/article/list-of-supported-ids-and-formats-for-a-customer-file). It takes what follows a plus out
//!   of every address, and digits of a phone number alone.
//!
//! Hashes are SHA-256 in lower-case hexadecimal of the normal form in UTF-8. What is not known stays empty: nothing is
//! hashed from nothing.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ts_rs::TS;

/// The format of an exported audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum AudienceFormat {
    /// A table for people: never hashed, formulas neutralised.
    Csv,
    /// Meta's customer list.
    Meta,
    /// Google's Customer Match.
    Google,
    /// TikTok's customer file.
    Tiktok,
}

impl AudienceFormat {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Meta, Self::Google, Self::Tiktok];

    /// The word in JSON and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Meta => "meta",
            Self::Google => "google",
            Self::Tiktok => "tiktok",
        }
    }

    /// Reads the word; None for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == text)
    }

    /// The platform's column names; none for the plain table.
    pub const fn columns(self, hashed: bool) -> &'static [&'static str] {
        match (self, hashed) {
            (Self::Csv, _) => &[],
            (Self::Meta, _) => &["email", "phone", "fn", "ln", "zip", "country"],
            (Self::Google, _) => &["Email", "Phone", "First Name", "Last Name", "Country", "Zip"],
            (Self::Tiktok, true) => &["Email_SHA256", "Phone_SHA256"],
            (Self::Tiktok, false) => &["Email", "Phone"],
        }
    }

    /// A person in the platform's columns; none for the plain table.
    pub fn cells(self, person: &Contact, hashed: bool) -> Vec<String> {
        match self {
            Self::Csv => Vec::new(),
            Self::Meta => person.meta().map(|value| sealed(value, hashed)).into(),
            Self::Google => person.google(hashed).into(),
            Self::Tiktok => person.tiktok().map(|value| sealed(value, hashed)).into(),
        }
    }
}

/// What is known of how to reach a person, as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contact {
    /// Normalised e-mail.
    pub email: String,
    /// Full name.
    pub name: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// Two-letter country.
    pub country: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
}

impl Contact {
    /// First and last name as they were typed: the first word, and the rest. Of one word it is the first name.
    pub fn typed_names(&self) -> (&str, &str) {
        let name = self.name.as_deref().unwrap_or_default().trim();
        name.split_once(char::is_whitespace).map_or((name, ""), |(first, rest)| (first, rest.trim_start()))
    }

    /// First and last name without the titles before them. Of one word it is the first name; the last name after a title.
    fn names(&self) -> (&str, &str) {
        let whole = self.name.as_deref().unwrap_or_default().trim();
        let mut name = whole;
        while let Some((first, rest)) = name.split_once(char::is_whitespace) {
            if !is_title(first) {
                return (first, rest.trim_start());
            }
            name = rest.trim_start();
        }
        match (is_title(name), name.len() < whole.len()) {
            (true, _) => ("", ""),
            (false, true) => ("", name),
            (false, false) => (name, ""),
        }
    }

    fn meta(&self) -> [String; 6] {
        let (first, last) = self.names();
        let country = self.country();
        let postal_code = meta_zip(self.postal_code.as_deref().unwrap_or_default(), &country);
        let phone = self.phone_digits();
        [self.email.clone(), phone, letters(first), letters(last), postal_code, country]
    }

    fn google(&self, hashed: bool) -> [String; 6] {
        let (first, last) = self.names();
        let lower = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let digits = self.phone_digits();
        // E.164 is hashed with its plus; in plain sight the plus would read as a formula, and is not asked for.
        let phone = if hashed && !digits.is_empty() { format!("+{digits}") } else { digits };
        let postal_code = self.postal_code.as_deref().unwrap_or_default().trim();
        [
            sealed(google_email(&self.email), hashed),
            sealed(phone, hashed),
            sealed(lower(first), hashed),
            sealed(lower(without_suffix(last)), hashed),
            self.country().to_uppercase(),
            postal_code.to_owned(),
        ]
    }

    fn tiktok(&self) -> [String; 2] {
        [without_tag(&self.email), self.phone_digits()]
    }

    fn country(&self) -> String {
        let country = self.country.as_deref().unwrap_or_default().trim().to_lowercase();
        let is_code = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_lowercase());
        if is_code { country } else { String::new() }
    }

    /// The digits of an international number; empty for one without its country code, which nobody can tell.
    fn phone_digits(&self) -> String {
        let phone = self.phone.as_deref().unwrap_or_default().trim();
        let Some(rest) = phone.strip_prefix('+') else { return String::new() };
        // A zero in brackets is dialled within the country alone; in Italy and San Marino it is part of the number.
        let belongs = rest.split_once("(0)").is_some_and(|(code, _)| matches!(code.trim(), "39" | "378"));
        let rest = if belongs { rest.to_owned() } else { rest.replacen("(0)", "", 1) };
        let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
        let known = rest.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '(' | ')'));
        let fits = (8..=15).contains(&digits.len()) && !digits.starts_with('0');
        if known && fits { digits } else { String::new() }
    }
}

fn sealed(value: String, hashed: bool) -> String {
    if !hashed || value.is_empty() {
        return value;
    }
    Sha256::digest(value.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Lower case, letters and digits of any script, single spaces between words.
fn letters(text: &str) -> String {
    let kept: String = text
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || c.is_whitespace() || is_mark(*c))
        .collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Marks that belong to the letter before them, of scripts that write them apart.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x0300..=0x036F | 0x0610..=0x061A | 0x064B..=0x065F | 0x0900..=0x0903 | 0x093A..=0x094F | 0x3099..=0x309A)
}

/// No spaces, no dash; five digits of the United States, and area, district and sector of the United Kingdom.
fn meta_zip(postal_code: &str, country: &str) -> String {
    let plain: String = postal_code.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    let count = plain.chars().count();
    match country {
        "us" => plain.chars().take(5).collect(),
        "gb" if count > 4 => plain.chars().take(count - 2).collect(),
        _ => plain,
    }
}

fn without_tag(email: &str) -> String {
    let Some((local, host)) = email.split_once('@') else { return email.to_owned() };
    let plain = local.split('+').next().unwrap_or_default();
    if plain.is_empty() { email.to_owned() } else { format!("{plain}@{host}") }
}

fn google_email(email: &str) -> String {
    let Some((_, host)) = email.split_once('@') else { return email.to_owned() };
    if !matches!(host, "gmail.com" | "googlemail.com") {
        return email.to_owned();
    }
    let untagged = without_tag(email);
    let local = untagged.split('@').next().unwrap_or_default().replace('.', "");
    if local.is_empty() { email.to_owned() } else { format!("{local}@{host}") }
}

fn is_title(word: &str) -> bool {
    matches!(word.trim_end_matches('.').to_lowercase().as_str(), "mr" | "mrs" | "ms" | "miss" | "dr")
}

fn without_suffix(last: &str) -> &str {
    let Some((rest, end)) = last.rsplit_once(char::is_whitespace) else { return last };
    let word = end.trim_end_matches('.').to_lowercase();
    if matches!(word.as_str(), "jr" | "sr" | "ii" | "iii") {
        rest.trim_end().trim_end_matches(',')
    } else {
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(email: &str, name: &str, phone: &str, country: &str, postal_code: &str) -> Contact {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Contact {
            email: email.to_owned(),
            name: some(name),
            phone: some(phone),
            country: some(country),
            postal_code: some(postal_code),
        }
    }

    #[test]
    fn each_platform_gets_its_own_normal_form() {
        let ann =
            person("a.nn+shop@gmail.com", " Ann  O'Neill-Žák Jr.", "+1 (657) 777-0000", "US", "94035-1234");
        let plain = |format: AudienceFormat| format.cells(&ann, false);
        assert_eq!(
            plain(AudienceFormat::Meta),
            ["a.nn+shop@gmail.com", "16577770000", "ann", "oneillžák jr", "94035", "us"]
        );
        assert_eq!(
            plain(AudienceFormat::Google),
            ["ann@gmail.com", "16577770000", "ann", "o'neill-žák", "US", "94035-1234"]
        );
        assert_eq!(plain(AudienceFormat::Tiktok), ["a.nn@gmail.com", "16577770000"]);
        let bob = person("user.name+NYC@example.com", "李雷", "0171 234", "uk?", "");
        assert_eq!(
            AudienceFormat::Google.cells(&bob, false)[0],
            "user.name+NYC@example.com",
            "not Google's own"
        );
        assert_eq!(
            AudienceFormat::Meta.cells(&bob, false)[1..],
            ["", "李雷", "", "", ""],
            "no country code: no number"
        );
        let dan = person("dan@x.org", "Mr. Dan  Bell", "+44 (0)20 7031 3000", "GB", "");
        for format in [AudienceFormat::Meta, AudienceFormat::Google] {
            assert_eq!(format.cells(&dan, false)[1..4], ["442070313000", "dan", "bell"], "{format:?}");
        }
        assert_eq!(
            AudienceFormat::Google.cells(&person("e@x.org", "Dr.", "", "", ""), false)[2..4],
            ["", ""]
        );
        let gia = person("gia@x.org", "Dr.  Mancini", "+39 (0)6 1234 5678", "IT", "");
        for format in [AudienceFormat::Meta, AudienceFormat::Google] {
            assert_eq!(format.cells(&gia, false)[1..4], ["390612345678", "", "mancini"], "{format:?}");
        }
        assert_eq!(gia.typed_names(), ("Dr.", "Mancini"));
        let ugo = person("ugo@x.org", "Ugo  de \t la\u{a0} Cruz  III", "+378 (0)549 123456", "SM", "");
        assert_eq!(AudienceFormat::Google.cells(&ugo, false)[1..4], ["3780549123456", "ugo", "de la cruz"]);
        let cat = person("c@x.org", "Cat", "+49 30 123456", "GB", "SW1A 1AA");
        assert_eq!(AudienceFormat::Meta.cells(&cat, false)[4], "sw1a1");
    }

    #[test]
    fn hashes_are_of_the_normal_form_and_never_of_nothing() {
        // TikTok's own example (How to create a Custom Audience with a customer file, September 2025).
        let jane = person("janedoe@gmail.com", "", "", "", "");
        let hashed = AudienceFormat::Tiktok.cells(&jane, true);
        assert_eq!(hashed[0], "d6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69");
        assert_eq!(hashed[1], "");
        let ann = person("ann@example.com", "Ann Bell", "+442070313000", "GB", "N1 9GU");
        let google = AudienceFormat::Google.cells(&ann, true);
        assert_eq!(google[4..], ["GB", "N1 9GU"], "country and zip are not hashed");
        assert_eq!(google[1], sealed("+442070313000".to_owned(), true));
        assert_eq!(AudienceFormat::Meta.cells(&ann, true)[1], sealed("442070313000".to_owned(), true));
        assert_eq!(
            sealed("gb".to_owned(), true),
            AudienceFormat::Meta.cells(&ann, true)[5],
            "Meta's country is hashed"
        );
    }

    #[test]
    fn every_row_has_its_columns() {
        let ann = person("ann@example.com", "Ann Bell", "", "", "");
        for format in AudienceFormat::ALL {
            for hashed in [true, false] {
                assert_eq!(format.cells(&ann, hashed).len(), format.columns(hashed).len(), "{format:?}");
            }
        }
    }
}
