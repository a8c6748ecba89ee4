use super::play::Play;

fn play(script: &str) {
    Play::new().run(script);
}

#[test]
fn the_worst_goes_first_and_then_the_oldest() {
    play(
        "next = wait
         add a@mail fired low a
         +1
         add b@push fired high b
         add c@mail fired critical c
         +1
         add d@mail fired high d
         next = send c@mail
         next = wait
         done c@mail = c@mail sent
         next = send b@push
         done b@push = b@push sent
         next = send d@mail
         done d@mail = d@mail sent
         next = send a@mail",
    );
}

#[test]
fn a_channel_that_waits_lets_others_pass() {
    play(
        "add a@slow fired critical a
         add b@slow fired critical b
         add c@mail fired low c
         next = send a@slow
         done a@slow = a@slow sent
         next = send c@mail
         later c@mail = c@mail again 1 in 5
         next = wait 5
         +5
         next = send c@mail
         done c@mail = c@mail sent
         next = wait 55
         +55
         next = send b@slow",
    );
}

#[test]
fn it_is_tried_again_at_growing_times_and_given_up_after_a_day() {
    let mut script = String::from("add a@mail fired high a\n");
    let mut waited = 0;
    let mut told = false;
    for (n, wait) in [5, 30, 120, 600].into_iter().chain(std::iter::repeat(1_800)).take(51).enumerate() {
        script += &format!("next = send a@mail\nlater a@mail = a@mail again {} in {wait}\n", n + 1);
        if !told && waited + wait >= 900 {
            told = true;
            script += &format!("+{}\nnext = mail fails: busy\n+{}\n", 900 - waited, wait - (900 - waited));
        } else {
            script += &format!("+{wait}\n");
        }
        waited += wait;
    }
    assert!(waited < 86_400 && waited + 1_800 >= 86_400, "{waited}");
    script += "next = send a@mail\nlater a@mail = a@mail again 52 in 1800\n+1800\nnext = send a@mail\nlater a@mail = a@mail failed\nnext = wait";
    play(&script);
}

#[test]
fn what_a_service_asks_for_counts_up_to_an_hour() {
    play(
        "add a@mail fired high a
         next = send a@mail
         later/77 a@mail = a@mail again 1 in 77
         +77
         next = send a@mail
         later/10 a@mail = a@mail again 2 in 30
         +30
         next = send a@mail
         later/99999 a@mail = a@mail again 3 in 3600
         +899
         next = mail fails: busy",
    );
}

#[test]
fn one_that_a_service_chokes_on_holds_up_no_other() {
    play(
        "add a@mail fired critical a
         add b@mail fired low b
         next = send a@mail
         later a@mail = a@mail again 1 in 5
         next = wait 5
         +5
         next = send b@mail
         done b@mail = b@mail sent
         next = send a@mail
         later a@mail = a@mail again 2 in 30
         add c@mail fired low c
         +5
         next = send c@mail",
    );
}

#[test]
fn what_is_never_taken_has_failed_and_the_channel_works() {
    play(
        "add a@mail fired high a
         next = send a@mail
         never a@mail = a@mail failed
         next = wait",
    );
}

#[test]
fn a_wrong_set_up_is_told_at_once_and_its_end_too() {
    play(
        "add a@mail fired high a
         next = send a@mail
         wrong a@mail = a@mail again 1 in 5
         next = mail is wrong: token
         next = wait 5
         +5
         next = send a@mail
         wrong a@mail = a@mail again 2 in 30
         next = wait 30
         +30
         next = send a@mail
         done a@mail = a@mail sent
         next = mail works
         next = wait",
    );
}

#[test]
fn a_channel_that_fails_for_a_quarter_of_an_hour_is_told_once() {
    play(
        "add a@mail fired high a
         next = send a@mail
         later/3600 a@mail = a@mail again 1 in 3600
         next = wait 900
         +900
         next = mail fails: busy
         next = wait 2700
         +2700
         next = send a@mail
         later a@mail = a@mail again 2 in 30
         +30
         next = send a@mail
         done a@mail = a@mail sent
         next = mail works",
    );
}

#[test]
fn quiet_hours_keep_back_all_but_what_is_critical() {
    play(
        "add a@mail fired high a office
         add b@mail fired critical b office
         add c@mail fired low c
         next = send b@mail
         done b@mail = b@mail sent
         next = send c@mail
         done c@mail = c@mail sent
         next = wait 900
         +28799
         next = wait 1
         +1
         next = send a@mail",
    );
}

#[test]
fn what_began_and_ended_before_it_could_be_told_is_one_line() {
    play(
        "add a@mail fired high ab office
         add r@mail resolved high ab office elsewhere = a@mail in r
         next = wait 900
         +28800
         next = send r@mail over",
    );
    play("add r@mail resolved high ab nowhere\nnext = send r@mail over");
}

#[test]
fn an_end_is_told_to_whom_the_beginning_was_told() {
    play(
        "add a@mail fired high a
         next = send a@mail
         done a@mail = a@mail sent
         add r@mail resolved high a
         add r@push resolved high a elsewhere = r@push untold
         next = send r@mail
         done r@mail = r@mail sent
         next = wait",
    );
}

#[test]
fn an_end_waits_for_a_beginning_that_says_more_than_it() {
    play(
        "add a@mail fired high ab office
         add r@mail resolved medium a default elsewhere
         next = wait 900
         +28800
         next = send a@mail
         done a@mail = a@mail sent
         next = send r@mail",
    );
    play(
        "add a@mail fired high ab
         next = send a@mail
         add r@mail resolved medium a default elsewhere
         never a@mail = a@mail failed, r@mail untold
         next = wait",
    );
}

#[test]
fn an_end_that_comes_while_its_beginning_is_under_way_waits_for_what_comes_of_it() {
    play(
        "add a@mail fired high a
         next = send a@mail
         add r@mail resolved high a default elsewhere
         next = wait
         done a@mail = a@mail sent
         next = send r@mail",
    );
    play(
        "add a@mail fired high a
         next = send a@mail
         add r@mail resolved high a default elsewhere
         later a@mail = a@mail in r
         +5
         next = send r@mail over",
    );
}

#[test]
fn a_reminder_that_waits_is_replaced_by_the_next() {
    play(
        "add a@mail fired high a office
         add s@mail still high a office
         add t@mail still high ab office = s@mail in t
         +28800
         next = send a@mail
         done a@mail = a@mail sent
         next = send t@mail",
    );
}

#[test]
fn the_same_delivery_waits_once_and_an_old_result_changes_nothing() {
    play(
        "add a@mail fired high a
         add a@mail fired high a
         done a@mail
         next = send a@mail
         done b@mail
         done a@mail = a@mail sent
         done a@mail
         next = wait
         add x@fax fired high a = x@fax failed",
    );
}

fn many(count: usize, channel: &str, severity: &str, letter: &str) -> String {
    (0..count)
        .map(|n| format!("add {letter}{n:03}@{channel} fired {severity} {}\n", (b'a' + (n % 26) as u8) as char))
        .collect()
}

#[test]
fn more_than_twenty_become_twenty_and_a_digest() {
    play(&(many(20, "mail", "high", "a") + "next = send a000@mail"));
    let mut script = many(30, "mail", "medium", "a") + &many(5, "mail", "high", "b");
    script +=
        "+1\nnext = digest D1 of 15, Medium, the first a015\nnext = send b000@mail\ndone b000@mail = b000@mail sent\n";
    for n in 1..5 {
        script += &format!("next = send b00{n}@mail\ndone b00{n}@mail = b00{n}@mail sent\n");
    }
    for n in 0..15 {
        script += &format!("next = send a{n:03}@mail\ndone a{n:03}@mail = a{n:03}@mail sent\n");
    }
    play(&(script + "next = send D1@mail\ndone D1@mail = D1@mail sent\nnext = wait"));
}

#[test]
fn while_a_channel_fails_nothing_is_merged() {
    let script = many(1, "mail", "high", "a")
        + "next = send a000@mail\nlater a000@mail = a000@mail again 1 in 5\n"
        + &many(40, "mail", "low", "b")
        + "+5\nnext = send b000@mail\nlater b000@mail = b000@mail again 1 in 5\n"
        + "+30\nnext = send a000@mail\ndone a000@mail = a000@mail sent\nnext = digest D1 of 20, Low, the first b020";
    play(&script);
}

#[test]
fn an_end_waits_for_the_digest_that_tells_its_beginning() {
    let script = many(20, "mail", "high", "a")
        + "add y@mail fired low yz\nadd x@mail fired low x\nnext = digest D1 of 2, Low, the first x\n"
        + "add r@mail resolved high y default elsewhere\n";
    let rest: String =
        (0..20).map(|n| format!("next = send a{n:03}@mail\ndone a{n:03}@mail = a{n:03}@mail sent\n")).collect();
    play(&(script + &rest + "next = send D1@mail\ndone D1@mail = D1@mail sent\nnext = send r@mail"));
}
