"""Words of the page, in zh-CN and en. What the contract says is shown as it is."""

from __future__ import annotations

LANGUAGES = {"zh-CN": "中文", "en": "English"}

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("接口目录", "API catalogue"),
    "intro": (
        "城市政务服务骨干网的全部对外接口，由接口契约自动生成。",
        "Everything that the city's backbone offers to the outside, generated from its contract.",
    ),
    "services": ("服务", "Services"),
    "events": ("事件", "Events"),
    "start": ("怎样调用", "How to call"),
    "find": ("按名称查找", "Find by name"),
    "request": ("请求字段", "Request fields"),
    "response": ("返回字段", "Response fields"),
    "fields": ("字段", "Fields"),
    "who": ("谁可以调用", "Who may call"),
    "example": ("调用示例", "Example call"),
    "field": ("字段", "Field"),
    "type": ("类型", "Type"),
    "rule": ("规则", "Rules"),
    "meaning": ("含义", "Meaning"),
    "required": ("必填", "required"),
    "required_unless": ("必填，除非有", "required unless there is"),
    "personal": ("个人信息", "personal data"),
    "none": ("没有字段。", "No fields."),
    "anyone": ("任何人，无需令牌。", "Anyone; no token is needed."),
    "scope": ("需要权限", "Needs scope"),
    "level": ("人员认证等级不低于", "Person recognised at least at level"),
    "region": ("仅限调用方所属行政区划。", "Works in the caller's region only."),
    "changing": (
        "会修改数据：每次调用须携带 Idempotency-Key，重试时使用同一个键。",
        "Changes something: each call carries an Idempotency-Key; a retry repeats the same one.",
    ),
    "token": (
        "先用成员系统的密钥换取访问令牌（有效期不超过 5 分钟），再在 Authorization 头中携带。"
        "成员系统自己的令牌含其全部权限；为工作人员换取的令牌，只含其中该人员在该部门的角色可以使用的权限。",
        "Get a token with the member system's key (it lives 5 minutes at most), then send it in header Authorization. "
        "A token of the member system itself holds all its scopes; one for a member of staff holds those of them that "
        "the person's roles at the department may use.",
    ),
    "errors": (
        "所有错误都是 google.rpc.Status：details 中有机器可读的 reason、中英文说明和追踪编号；"
        "追踪编号也在 egov-trace-id 头中。",
        "Every error is a google.rpc.Status: its details hold a machine-readable reason, texts in both languages and "
        "the trace id, which is also in header egov-trace-id.",
    ),
    "grpc": (
        "gRPC 使用同一地址和端口；可用反射查询接口，例如 buf curl。",
        "gRPC has the same address and port; reflection answers tools such as buf curl.",
    ),
    "openapi": ("OpenAPI 3.1 文档", "OpenAPI 3.1 document"),
    "topic": ("主题", "Topic"),
    "envelope": ("信封", "Envelope"),
    "envelope_text": (
        "CloudEvents 1.0 二进制模式，以下 Kafka 头随每个事件发送；正文是同名 protobuf 消息，只含编号和代码。",
        "CloudEvents 1.0 in binary mode: these Kafka headers come with every event. The body is the protobuf message "
        "of that name; it holds ids and codes only.",
    ),
    "audience": ("可读取的权限", "May be read with scope"),
    "opens": ("此事件开启办件。", "The case begins with this event."),
    "closes": ("此事件结束办件。", "The case ends with this event."),
    "own_case_only": (
        "仅限本服务自己开启的办件；在其他服务开启的办件中，此事件既不开启也不结束办件。",
        "Only in cases that this service opened itself: in another's case the event neither begins nor ends it.",
    ),
    "copy": ("复制", "Copy"),
    "copied": ("已复制", "Copied"),
    "values": ("取值", "Values"),
}


def word(name: str, language: str) -> str:
    """The word or sentence in a language of `LANGUAGES`."""
    zh, en = _WORDS[name]
    return en if language == "en" else zh


def chosen(asked: str | None, accepted: str) -> str:
    """The language to show: what was asked for by name, else what the browser prefers, else zh-CN."""
    if asked in LANGUAGES:
        return str(asked)
    return "en" if accepted.strip().lower().startswith("en") else "zh-CN"
