"""Requests whose payload breaks one rule each, and the fields that their refusal names."""

from tests.client.bad_requests import NAMED, by_app
from unisono.client._wire import methods

BAD_PAYLOADS = [
    by_app(
        "every part of a payload",
        methods.SEND,
        "payload.raw_content",
        "payload.data",
        "payload.visual_content.title",
        "payload.visual_content.link",
        "payload.visual_content.icon_url",
        "payload.visual_content.image_url",
        "payload.visual_content.actions[0].action_id",
        "payload.visual_content.actions[0].label",
        "payload.visual_content.actions[0].link",
        "payload.visual_content.actions[2].action_id",
        "payload.visual_content.actions[2].label",
        "payload.visual_content.format",
        payload={
            "raw_content": b"x" * 32_769,
            "data": {"y" * 129: "", "a\nb": "good", "x": "\0"},
            "visual_content": {
                "title": " \u2800",
                "link": "javascript:alert(1)",
                "icon_url": "http://unisono.test/",
                "image_url": "x" * 2049,
                "actions": [
                    {"link": "no link"},
                    {"action_id": "ok", "label": "OK"},
                    {"action_id": "ok", "label": "\u200b"},
                ],
                "format": 99,
            },
        },
    ),
    by_app("no key of data", methods.SEND, "payload.data", payload={"data": {"": "x"}}),
    by_app("too much data", methods.SEND, "payload.data", payload={"data": {"x": "y" * 4096, "\0": "\0"}}),
    by_app(
        "too many data",
        methods.SEND,
        "payload.data",
        payload={"data": {f"\0{number}": "\0" for number in range(33)}},
    ),
    by_app(
        "too many actions",
        methods.SEND,
        "payload.visual_content.actions",
        payload={"visual_content": {"title": "Hello", "actions": [{}] * 5}},
    ),
    by_app(
        "an action that is too long",
        methods.SEND,
        "payload.visual_content.actions[0].action_id",
        "payload.visual_content.actions[0].label",
        payload={
            "visual_content": {"title": "Hello", "actions": [{"action_id": "x" * 65, "label": "x" * 65}]}
        },
    ),
    by_app(
        "a payload that is patched",
        methods.UPDATE,
        "content.payload.data",
        "content.payload.visual_content.title",
        "content.payload.visual_content.link",
        update_mask={"paths": ["payload"]},
        content={"payload": {"data": {"\n": ""}, "visual_content": {"title": " ", "link": "data:x"}}},
        **NAMED,
    ),
]
