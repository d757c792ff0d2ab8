//! Files as they come: encodings, delimiters, formats, and everything that can be wrong with one.

use encoding_rs::GB18030;
use foredeck_engine::domain::shop::ShopKind;
use foredeck_engine::error::Problem;
use foredeck_engine::shop_files::Saved;

use super::Store;

const CHINESE: &str = "订单号,用户ID,邮箱,套餐,积分,金额,币种,支付状态,创建时间\n\
    A1,u1,Li@Example.com,专业版,500,\"1.234,56\",EUR,已支付,2026-03-01 12:00\n\
    A2,u2,,基础版,-7,500,JPY,待支付,2026-03-01\n";

const IN_FORCE: &str = "SELECT row_key, line, user_id, email, plan, credits, amount, currency, applied, at FROM shop_purchase ORDER BY row_key";

#[test]
fn one_table_in_every_encoding_is_the_same_rows() {
    let utf16 = |big: bool| {
        let mark = if big { vec![0xfe, 0xff] } else { vec![0xff, 0xfe] };
        let unit = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        mark.into_iter().chain(CHINESE.encode_utf16().flat_map(unit)).collect::<Vec<u8>>()
    };
    let files: [(&str, Vec<u8>); 6] = [
        ("UTF-8", CHINESE.as_bytes().to_vec()),
        ("UTF-8", [b"\xef\xbb\xbf", CHINESE.as_bytes()].concat()),
        ("gb18030", GB18030.encode(CHINESE).0.into_owned()),
        ("UTF-16LE", utf16(false)),
        ("UTF-16BE", utf16(true)),
        ("UTF-8", CHINESE.replace('\n', "\r\n").into_bytes()),
    ];
    // Without a line break at the end, as editors leave it.
    let unended = CHINESE.trim_end().to_owned();
    let encoded = |big: bool| {
        let mut bytes = utf16(big);
        bytes.truncate(bytes.len() - 2);
        bytes
    };
    let files = files.into_iter().chain([
        ("UTF-8", unended.clone().into_bytes()),
        ("gb18030", GB18030.encode(&unended).0.into_owned()),
        ("UTF-16LE", encoded(false)),
        ("UTF-16BE", encoded(true)),
    ]);
    for (name, bytes) in files {
        let store = Store::open();
        let preview = store.preview(ShopKind::Purchases, &bytes).unwrap();
        assert_eq!(preview.encoding, name);
        assert_eq!((preview.problems, preview.sample[1][1].as_str()), (Vec::new(), "u2"));
        store.import(ShopKind::Purchases, &bytes);
        assert_eq!(
            store.rows(IN_FORCE),
            [
                "A1 2 u1 li@example.com 专业版 500 123456 eur 1 1772362800",
                "A2 3 u2 - 基础版 -7 500 jpy 0 1772319600"
            ],
            "{name}"
        );
    }
}

#[test]
fn every_delimiter_is_found_and_quotes_hold_what_they_quote() {
    for delimiter in [",", ";", "\t", "|"] {
        let rows =
            [["user_id", "note", "credits", "type"], ["u1", "\"a,b;c|d\te\n\"\"f\"\"\"", "5", "Spend"]];
        let text: Vec<String> = rows.iter().map(|row| row.join(delimiter)).collect();
        let store = Store::open();
        let text = format!(
            "{}\n\n{}{}",
            text.join("\n"),
            "u2,,-3,clawback\n".replace(',', delimiter),
            delimiter.repeat(3)
        );
        store.import(ShopKind::WalletEntries, text);
        // The blank line and the row of delimiters are nothing; lines are those of the file.
        assert_eq!(
            store.rows("SELECT line, user_id, kind, credits, note FROM shop_entry ORDER BY line"),
            ["2 u1 spend -5 a,b;c|d\te\n\"f\"", "5 u2 clawback -3 -"],
            "{delimiter:?}"
        );
    }
}

#[test]
fn json_lines_are_read_with_names_one_level_down_and_exact_numbers() {
    let store = Store::open();
    let lines = "{\"id\":\"p1\",\"metadata\":{\"userId\":\"u1\"},\"payment_intent\":\"pi_1\",\"amount_minor\":9007199254740993,\"currency\":\"usd\",\"credits\":5}\n\
        \n{\"id\":\"p2\",\"metadata\":{\"userId\":null},\"payment_intent\":\"cs_test_2\",\"credits\":\"1,000,000\",\"extra\":[1]}\n";
    let preview = store.preview(ShopKind::Purchases, lines).unwrap();
    assert_eq!((preview.format.as_str(), preview.delimiter), ("jsonl", None));
    store.import(ShopKind::Purchases, lines);
    assert_eq!(
        store.rows(
            "SELECT purchase_id, line, user_id, object, credits, amount FROM shop_purchase ORDER BY line"
        ),
        ["p1 1 u1 pi_1 5 9007199254740993", "p2 3 - cs_test_2 1000000 -"]
    );
}

#[test]
fn a_field_that_only_a_late_line_has_is_a_column() {
    let store = Store::open();
    let mut lines: String = (1..1_200)
        .map(|n| format!("{{\"id\":\"p{n}\",\"payment_intent\":\"pi_{n}\",\"credits\":5}}\n"))
        .collect();
    lines +=
        "{\"id\":\"p1200\",\"payment_intent\":\"pi_1200\",\"credits\":5,\"metadata\":{\"userId\":\"u9\"}}";
    store.import(ShopKind::Purchases, lines);
    assert_eq!(
        store.rows("SELECT row_key, user_id FROM shop_purchase WHERE user_id IS NOT NULL"),
        ["p1200 u9"]
    );
}

#[test]
fn a_refund_with_a_plus_gives_back_and_any_other_takes_back() {
    let store = Store::open();
    let text = "id,user_id,type,delta\ne1,u1,refund,+5\ne2,u1,refund,5\ne3,u1,Refund,-5\ne4,u1,spend,+5\ne5,u1,clawback,+5\n";
    store.import(ShopKind::WalletEntries, text);
    assert_eq!(
        store.rows("SELECT row_key, kind, credits FROM shop_entry ORDER BY row_key"),
        ["e1 adjustment 5", "e2 clawback -5", "e3 clawback -5", "e4 spend -5", "e5 clawback -5"]
    );
}

#[test]
fn every_kind_has_its_table() {
    let store = Store::open();
    store.import(ShopKind::Preorders, "preorderId,status,email,colour,utm_source,stripe_session_id,price,currency\npre_1,paid,A@x.org,red,ad,cs_1,\"99,00\",eur\n");
    store.import(ShopKind::Wallets, "userId;balance;lifetime_granted\nu1;-5;500\n");
    store.import(ShopKind::Users, "id,email,name,created_at\nu1,a@x.org,\"Ann, B\",1772362800\n,b@x.org,,\n");
    store.import(
        ShopKind::UsageDaily,
        "user_id,date,model,count\nu1,2026-03-01,gpt,7\nu1,2026-03-01,flux,2\n",
    );
    let kept = store.rows(
        "SELECT preorder_id, status, email, color, source, object, amount, currency FROM shop_preorder",
    );
    assert_eq!(kept, ["pre_1 paid a@x.org red ad cs_1 9900 eur"]);
    assert_eq!(store.rows("SELECT user_id, email, balance, granted FROM shop_wallet"), ["u1 - -5 500"]);
    let users =
        store.rows("SELECT row_key, user_id, email, name, created_at FROM shop_user ORDER BY row_key");
    assert_eq!(users, ["b@x.org - b@x.org - -", "u1 u1 a@x.org Ann, B 1772362800"]);
    let uses = store.rows("SELECT user_id, day, label, count FROM shop_usage ORDER BY label");
    assert_eq!(uses, ["u1 20513 flux 2", "u1 20513 gpt 7"]);
}

#[test]
fn a_file_that_cannot_be_taken_says_why_and_changes_nothing() {
    let store = Store::open();
    let code = |bytes: &[u8]| {
        let job = store.job(ShopKind::Wallets, bytes);
        Problem::from(store.run(job).unwrap_err()).code
    };
    assert_eq!(code(b""), "FILE_EMPTY");
    assert_eq!(code(b"\xef\xbb\xbf"), "FILE_EMPTY");
    assert_eq!(code(b"user_id,balance\n"), "FILE_NO_ROWS");
    assert_eq!(code(b"PK\x03\x04\0\0rest"), "FILE_BINARY");
    assert_eq!(code(b"user_id,balance\ncaf\xe9,1\n"), "FILE_ENCODING");
    assert_eq!(code(b"user_id,balance,note\nu1,1,M\xfcller\n"), "FILE_ENCODING", "Windows-1252");
    assert_eq!(code(b"user_id,balance,balance\nu1,1,2\n"), "DUPLICATE_COLUMN");
    assert_eq!(code(b"[{\"user_id\":\"u1\"}]"), "FILE_NOT_JSONL");
    assert_eq!(code(b"{\n \"user_id\": \"u1\"\n}\n"), "FILE_NOT_JSONL");
    assert_eq!(code(b"user_id,points\nu1,1\n"), "FIELD_MISSING");
    let endless = format!("user_id,balance\nu1,1\n\"{}", "x,1\n".repeat(600_000));
    assert_eq!(code(endless.as_bytes()), "RECORD_TOO_LONG");
    let line = format!("{{\"user_id\":\"{}\"}}\n", "x".repeat(2_000_000));
    assert_eq!(code(line.as_bytes()), "RECORD_TOO_LONG");

    let mut job = store.job(ShopKind::Wallets, "user_id,balance\nu1,1\n");
    job.map = Saved::from([("balance".to_owned(), "saldo".to_owned())]);
    assert_eq!(Problem::from(store.run(job.clone()).unwrap_err()).code, "NO_COLUMN");
    job.map = Saved::from([("colour".to_owned(), "balance".to_owned())]);
    assert_eq!(Problem::from(store.run(job.clone()).unwrap_err()).code, "NO_FIELD");
    job.path = job.path.parent().unwrap().to_owned();
    assert_eq!(Problem::from(store.run(job.clone()).unwrap_err()).code, "NOT_A_FILE");
    job.path = job.path.join("nowhere.csv");
    assert_eq!(Problem::from(store.run(job).unwrap_err()).code, "NO_FILE");
    assert!(store.in_force().is_empty());
    assert!(store.rows("SELECT 1 FROM import_batch UNION ALL SELECT 1 FROM import_row").is_empty());
}

#[test]
fn bad_rows_are_named_by_line_and_column_and_load_nothing_unless_agreed() {
    let store = Store::open();
    let mut text = String::from("id,user_id,e-mail,credits,amount,currency,created_at\n");
    for line in 2..=301 {
        text += &match line {
            10 => "p10,u,nobody,5,1,eur,\n".to_owned(),
            20 => "p20,u,,5.5,1,eur,\n".to_owned(),
            30 => "p30,u,,5,1.234,eur,\n".to_owned(),
            40 => "p40,u,,5,1,,\n".to_owned(),
            50 => "p50,u,,5,1,eur,soon\n".to_owned(),
            60 => "p60,u,,5,1\n".to_owned(),
            70 => "p2,u,,5,1,eur,\n".to_owned(),
            80 => "p80,u\u{7},,5,1,eur,\n".to_owned(),
            90 => ",u,,5,1,eur,\n".to_owned(),
            line => format!("p{line},u,,5,1,eur,\n"),
        };
    }
    let dry = store.run(foredeck_engine::tasks::import::ImportJob {
        dry_run: true,
        ..store.job(ShopKind::Purchases, &text)
    });
    let report = store.run(store.job(ShopKind::Purchases, &text)).unwrap();
    assert_eq!((report.rows, report.bad, report.loaded, report.batch), (300, 9, 0, None));
    assert_eq!(dry.unwrap(), report, "a dry run tells the same");
    let told: Vec<(i64, Option<&str>, &str)> = report
        .errors
        .iter()
        .map(|error| (error.line, error.column.as_deref(), error.code.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (10, Some("e-mail"), "BAD_EMAIL"),
            (20, Some("credits"), "TOO_PRECISE"),
            (30, Some("amount"), "AMBIGUOUS_NUMBER"),
            (40, Some("amount"), "NO_CURRENCY"),
            (50, Some("created_at"), "NOT_A_TIME"),
            (60, None, "RAGGED"),
            (70, None, "TWICE"),
            (80, Some("user_id"), "CONTROL_CHARACTER"),
            (90, Some("id"), "MISSING"),
        ]
    );
    assert!(report.errors[6].message.contains("line 2"), "both lines: {:?}", report.errors[6]);
    assert!(store.rows("SELECT 1 FROM import_row UNION ALL SELECT 1 FROM import_batch").is_empty());

    let mut agreed = store.job(ShopKind::Purchases, &text);
    agreed.accept_bad = true;
    let report = store.run(agreed).unwrap();
    assert_eq!((report.loaded, report.bad, report.errors.len()), (291, 9, 9));
    assert_eq!(store.rows("SELECT count(*) FROM shop_purchase"), ["291"]);

    let all_bad = format!("user_id,balance\n{}", "u,x\n".repeat(500));
    let report = store.run(store.job(ShopKind::Wallets, all_bad)).unwrap();
    assert_eq!((report.bad, report.errors.len()), (500, 200));
}

#[test]
fn a_mapping_is_used_again_where_its_columns_are_there() {
    let store = Store::open();
    let mut job = store.job(ShopKind::Wallets, "who,points\nu1,5\n");
    job.map = [("user_id", "who"), ("balance", "points")].map(|(a, b)| (a.to_owned(), b.to_owned())).into();
    store.run(job).unwrap();
    store.import(ShopKind::Wallets, "points,who,email\n6,u1,a@x.org\n");
    assert_eq!(store.rows("SELECT user_id, email, balance FROM shop_wallet"), ["u1 a@x.org 6"]);
    let preview = store.preview(ShopKind::Wallets, "who,score\nu1,5\n").unwrap();
    assert_eq!(preview.problems.len(), 1, "{:?}", preview.problems);
}
