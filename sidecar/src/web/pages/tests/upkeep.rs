//! What is done to repositories, and whether there are enough of them, as the page of a node shows it.

use super::*;

#[test]
fn what_upkeep_found_stands_on_the_page_of_its_node() {
    let upkeep = |keys: &str| {
        let json =
            format!("{{\"ts\":1,\"seq\":1,\"name\":\"keeper\",\"repo\":\"/srv/nas\",\"state\":\"idle\",{keys}}}");
        Sample::from_json("upkeep", json.as_bytes()).unwrap().unwrap().sample
    };
    let all_of_them = [
        upkeep(
            r#""task":"check","result":"failed","verdict":"damaged","read_bytes":1000,"findings_count":2,"damaged":"pack: 0bad""#,
        ),
        upkeep(r#""task":"forget","result":"warnings","verdict":"frozen","forgotten_count":3,"snapshots_count":31"#),
        upkeep(r#""task":"prune","result":"ok","verdict":"fine","freed_bytes":5000000,"stored_bytes":9000000"#),
        upkeep(
            r#""task":"copy","result":"ok","verdict":"fine","read_bytes":7000000,"freed_bytes":0,"findings_count":0"#,
        ),
    ];
    let mut node = a_node("nas", "NAS");
    for (number, sample) in all_of_them.iter().enumerate() {
        let id = ObjectId::of(&format!("keeper-{number}"));
        node.objects.insert(("upkeep", id), Latest::new(sample, NOW, false).unwrap());
    }
    let store = br#"{"ts":1,"seq":1,"repo":"/srv/nas","mount":"/srv","state":"ok","free_bytes":50,"size_bytes":1000,"free_percent":5.0}"#;
    let store = Sample::from_json("store", store).unwrap().unwrap().sample;
    node.objects.insert(("store", ObjectId::of("srv")), Latest::new(&store, NOW, false).unwrap());
    let seen = seen(vec![node], vec![]);
    for (language, words) in [
        (
            Language::En,
            [
                "Upkeep of repositories",
                "damaged",
                "frozen",
                "3 forgotten, 31 kept",
                "given back of",
                "MB copied, 0",
                "2 findings",
                "Room where",
            ],
        ),
        (
            Language::Es,
            [
                "Cuidado de los repositorios",
                "dañado",
                "congelado",
                "3 olvidadas, 31 conservadas",
                "liberados de",
                "MB copiados, 0",
                "2 hallazgos",
                "Espacio donde",
            ],
        ),
    ] {
        let page = node::build(frame(language), &all(&seen), &shipped(), "nas", &Told::default()).unwrap();
        let page = page.render().unwrap();
        for word in words.into_iter().chain(["pack: 0bad", "keeper · /srv/nas", "state critical"]) {
            assert!(page.contains(word), "{word}");
        }
    }
}

#[test]
fn whether_there_are_enough_copies_stands_on_the_page_of_the_node() {
    let policy = |keys: &str| {
        let json = format!("{{\"ts\":1,\"seq\":1,\"copies_wanted_count\":3,{keys}}}");
        Sample::from_json("policy", json.as_bytes()).unwrap().unwrap().sample
    };
    let broken = r#""job":"photos","verdict":"broken","broken":true,"copies_count":2,"lapsed_count":1,"problem":"/mnt/usb is out of date""#;
    let page = |language, keys: &str| {
        let mut node = a_node("nas", "NAS");
        node.objects.insert(("policy", ObjectId::of("photos")), Latest::new(&policy(keys), NOW, false).unwrap());
        let seen = seen(vec![node], vec![]);
        node::build(frame(language), &all(&seen), &shipped(), "nas", &Told::default()).unwrap().render().unwrap()
    };
    for (language, words) in [
        (Language::En, ["Copies of what is backed up", "not enough", "2 of 3", "1 does not count", "/mnt/usb is out"]),
        (Language::Es, ["Copias de lo que se guarda", "no bastan", "2 de 3", "1 no cuenta", "/mnt/usb está atrasado"]),
    ] {
        let page = page(language, broken);
        for word in words.into_iter().chain(["photos", "state high"]) {
            assert!(page.contains(word), "{word}");
        }
    }
    for (verdict, word) in [("undeclared", "not declared"), ("unverified", "unverified")] {
        let page = page(Language::En, &format!("\"job\":\"photos\",\"verdict\":{verdict:?}"));
        let section = page.split("id=\"policy\"").nth(1).unwrap();
        assert!(section.contains(word) && !section.contains("state ok"), "{verdict}");
    }
}
