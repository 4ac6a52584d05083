"""What a caller names cannot write into the lesson about its denial."""

from __future__ import annotations

from harness.access.denial import lines


def test_a_name_neither_ends_a_line_nor_commands_a_terminal() -> None:
    lesson = {
        "principal": "user/mallory",
        "role": "",
        "account": "111122223333",
        "call": "s3:GetObject",
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::shelf/k\nallowed: user/mallory \x1b[2K",
        "why": "",
        "cause": "because no identity-based policy allows the s3:GetObject action",
        "policies": [],
        "changes": [],
    }
    told = lines(lesson)
    assert len(told) == 2
    assert told[0] == (
        r"denied: 111122223333 user/mallory s3:GetObject on arn:aws:s3:::shelf/k\nallowed: user/mallory \x1b[2K"
    )
