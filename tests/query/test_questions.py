"""The questions of the docs: they can be asked, and the page says what they answer with."""

from jobs.query.questions import PAGE, answer, answered, main, markdown, questions

PAGE_TEXT = PAGE.read_text(encoding="utf-8")


def test_there_are_twenty():
    assert len(questions(PAGE_TEXT)) == PAGE_TEXT.count("\n## ") == 20


def test_each_can_be_asked_of_any_lake(lake):
    with lake.connect() as connection:
        for question in questions(PAGE_TEXT):
            columns, _ = answer(connection, question)
            assert question.columns in ([], columns), question.title


def test_answers_are_written_into_the_page_and_writing_again_changes_nothing(tmp_path, lake):
    page = tmp_path / "questions.md"
    page.write_text("# x\n\n## 1. How many?\n\nWords.\n\n```sql\nSELECT 1 AS n\n```\n\nold\n\n## 2. And?\n\n"
                    "```sql\nSELECT 'a|b\n*' AS x, NULL AS y, [1, 2] AS z\n```\n")  # fmt: skip
    main(write=True, page=page)
    text = page.read_text()
    assert "```\n\n| n |\n| --- |\n| 1 |\n\n## 2." in text
    assert text.endswith("```\n\n| x | y | z |\n| --- | --- | --- |\n| a\\|b * | – | 1, 2 |\n")
    main(write=True, page=page)
    assert page.read_text() == text


def test_a_page_without_questions_stays_as_it_is():
    assert answered("# Nothing\n", None) == "# Nothing\n"
    assert markdown(["a"], []) == "| a |\n| --- |\n"
