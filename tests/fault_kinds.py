"""The kinds of faults that users and attackers found after the first release candidate, each with a test over the kind.

Show how they stand: python -m tests.fault_rows
"""

from __future__ import annotations

KINDS: dict[str, tuple[str, str]] = {
    "KA1": ("a local rule that is checked after the money has moved", "test_A1_what_is_wrong_here_is_said_before_anything_is_paid"),
    "KA2": ("a second try that pays again", "test_generate_goes_on_with_what_is_under_way_and_nobody_waits_for"),
    "KA3": ("told is not what was really told", "test_B1_an_order_that_nobody_was_told_of_is_found_by_the_same_words"),
    "KA4": ("guards that trust the clock or a spelling", "test_an_unconfirmed_order_blocks_the_same_request_however_old"),
    "KA5": ("what is judged is not what is sent", "test_a_raw_field_that_may_change_the_price_makes_it_unknown"),
    "KA6": ("definite refusals taken for doubt", "test_every_code_of_a_page_means_what_the_page_says"),
    "KA7": ("moderation known in one form only", "test_moderation_is_told_in_any_sentence_and_under_any_status"),
    "KA8": ("a dedupe key that can never succeed", "test_a_key_stands_for_one_delivered_video"),
    "KA9": ("a retry that pays once for each name, or each time", "test_a_retry_is_ordered_once_and_stands_for_the_next_retry_of_the_same_job"),
    "KA10": ("a refusal that names a job", "test_A13_a_refusal_that_names_a_job_is_doubt_and_the_job_is_told"),
    "KB1": ("an exception between the answer and the note", "test_G8_a_reference_that_the_ledger_does_not_take_is_told_kept_elsewhere_and_brought_in"),
    "KB2": ("one answer taken as irrevocable", "test_a_failure_that_was_final_then_may_be_revised_now"),
    "KB3": ("somebody's page taken for the provider's word", "test_an_answer_of_somebody_on_the_way_is_told_from_a_word_of_the_provider"),
    "KB4": ("words that no table lists", "test_a_word_that_plainly_ends_a_job_ends_it_after_three_looks_in_a_row"),
    "KB5": ("identity by the text of a path", "test_an_output_is_the_same_through_a_linked_folder"),
    "KB6": ("identity by circumstance", "test_an_unconfirmed_order_is_not_guessed"),
    "KB7": ("a mistyped reference that becomes a job", "test_what_is_decided_against_leaves_no_row"),
    "KB8": ("a reason that is there and not told", "test_whatever_reason_an_answer_carries_is_shown_and_success_is_none"),
    "KC1": ("correctness on a private habit of a library", "test_C1_a_body_is_the_same_however_much_a_read_brings"),
    "KC2": ("what is missing counts as agreement", "test_D1_without_a_strong_validator_it_starts_from_zero"),
    "KC3": ("wholeness by top-level boxes only", "test_C3_half_of_a_video_with_two_mdat_is_refused_also_where_its_boxes_add_up"),
    "KC4": ("no total time on fetching", "test_C4_what_drips_ends_a_fetch_in_its_time"),
    "KC5": ("the finished file's mode on the unfinished one", "test_C5_a_part_is_its_owner_s_alone_until_it_is_checked"),
    "KC6": ("look, then rename", "test_D18_a_name_taken_at_the_last_moment_is_not_overwritten"),
    "KC7": ("following a link to decide what a name is", "test_C7_what_is_no_file_is_never_renamed_over"),
    "KC8": ("good pictures refused", "test_a_jpeg_whose_end_marker_is_replaced_by_a_trailer_is_accepted_with_a_word"),
    "KD1": ("masking by channel and spelling", "test_N6_a_key_is_found_in_every_spelling"),
    "KD2": ("a server's text in commands", "test_the_command_that_continues_can_be_pasted_into_a_shell"),
    "KD3": ("ownership checked for one value", "test_E17_a_key_in_somebody_else_s_file_is_not_used"),
    "KD4": ("trust in a name without looking where it leads", "test_D4_a_private_address_in_any_form_is_not_public"),
    "KD5": ("a ticket that walks the API", "test_a_ticket_of_dots_is_no_ticket"),
    "KD6": ("stored secrets", "test_E18_a_refused_address_is_shown_without_its_query"),
    "KE1": ("every SQLite error is a damaged ledger", "test_G2_a_ledger_whose_damage_is_in_its_own_words_is_damaged"),
    "KE2": ("two policies for one thing", "test_D23_a_folder_that_cannot_be_synced_does_not_matter_but_a_broken_disk_does"),
    "KE3": ("a name read before it exists", "test_B3_B6_a_signal_before_the_ledger_is_open_leaves_nothing"),
    "KE4": ("the interpreter's own exit", "test_H8_a_full_stdout_is_a_disk_error_and_the_job_is_in_the_ledger"),
    "KE5": ("inputs and limits with no error of their own", "test_an_odd_input_has_an_ending_of_its_own"),
    "KE6": ("read, change, write without a lock", "test_writers_at_once_lose_nothing"),
    "KE7": ("hints that lead nowhere", "test_the_command_fits_the_way_in_which_the_copy_was_installed"),
    "KE8": ("small exits", "test_A1_what_is_wrong_here_is_said_before_anything_is_paid"),
    "KE9": ("threads at the end", "test_a_reader_that_leaves_early_leaves_no_worker_behind"),
}  # fmt: skip
"""By id: what the kind is, and the test function that holds it."""
