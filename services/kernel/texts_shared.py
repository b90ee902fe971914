"""Texts of the reasons and rules that more than one service uses: (zh-CN, en). Read through `texts`."""

from __future__ import annotations

_CALLER = {
    "TOKEN_MISSING": ("请先登录：请求未携带访问令牌。", "Sign in first: the request carries no access token."),
    "TOKEN_INVALID": ("访问令牌无效，请重新登录。", "The access token is not valid. Sign in again."),
    "TOKEN_EXPIRED": ("访问令牌已过期，请重新获取。", "The access token has expired. Get a new one."),
    "TOKEN_NOT_BOUND": (
        "访问令牌与本次连接的 TLS 证书不匹配。",
        "The access token is bound to another TLS identity than that of this connection.",
    ),
    "SUBJECT_DISABLED": (
        "该人员或企业已被停用，访问令牌不再有效。",
        "This person or enterprise is shut out, also with a token.",
    ),
    "CLIENT_DISABLED": ("该成员系统已被停用，访问令牌不再有效。", "This client is shut out, also with a token."),
    "CALLER_NOT_ALLOWED": ("当前调用方无权调用该方法。", "This caller may not call this method."),
    "SCOPE_MISSING": ("访问令牌缺少权限“{scope}”。", "The access token lacks the scope {scope}."),
    "LEVEL_TOO_LOW": (
        "身份认证等级不足，办理此事项至少需要 {level}。",
        "The person was not recognised surely enough: this needs at least {level}.",
    ),
    "REGION_MISSING": (
        "调用方未绑定行政区划，不能执行此操作。",
        "The caller is bound to no region, so this is closed to it.",
    ),
}

_REQUEST = {
    "INVALID_ARGUMENT": ("请求内容有误，请按提示修改。", "The request has mistakes. Mend the fields that are named."),
    "UNDECODABLE_REQUEST": ("请求内容无法解析。", "The request cannot be decoded."),
    "KEY_MISSING": (
        "缺少幂等键：修改数据的请求必须携带 Idempotency-Key。",
        "The idempotency key is missing: every request that changes something needs one.",
    ),
    "KEY_INVALID": (
        "幂等键格式不正确。",
        "The idempotency key does not have the right form.",
    ),
    "KEY_REUSED": (
        "该幂等键已用于内容不同的请求，请更换幂等键。",
        "This idempotency key belongs to a different request. Take a new one.",
    ),
    "IN_PROGRESS": (
        "同一请求正在处理，请稍后再试。",
        "The same request is still being worked on. Try again shortly.",
    ),
    "PAGE_TOKEN_INVALID": (
        "翻页标记无效，请从第一页重新查询。",
        "The page token is not valid. Begin again with the first page.",
    ),
    "STALE_VERSION": (
        "数据已被他人修改，请刷新后重试。",
        "Someone else has changed this meanwhile. Read it again, then try again.",
    ),
    "WRONG_STATE": ("当前状态下不能执行此操作。", "This cannot be done in the present state."),
    "NOT_FOUND": ("未找到，或不在您的查看范围内。", "Not found, or not within what you may see."),
    "REGION_UNKNOWN": ("没有这个行政区划代码。", "There is no region with this code."),
    "REGION_CLOSED": ("该行政区划代码已停用。", "The region with this code is no longer in use."),
    "NO_DEPARTMENT": ("当前调用方不属于任何部门。", "The caller belongs to no department."),
    "NOT_THE_HOLDER": (
        "只有负责当前环节的单位可以执行此操作。",
        "Only the department that answers for this step may do it.",
    ),
    "DEPARTMENT_UNKNOWN": ("没有这个部门代码。", "There is no department with this code."),
    "PARTY_UNKNOWN": ("没有这个人员、部门或成员系统。", "There is no such person, department or member system."),
}

_SYSTEM = {
    "DEADLINE_PASSED": ("处理超时，请稍后重试。", "The time for this request was over before the answer was ready."),
    "OVERLOADED": ("系统繁忙，请稍后重试。", "The system is busy. Try again shortly."),
    "UNAVAILABLE": ("服务暂时不可用，请稍后重试。", "The service is not available at the moment. Try again shortly."),
    "SERVICE_RESTORED": (
        "该服务的数据库已恢复到较早的时点，核对完成前只能查询，不能办理。请稍后重试。",
        "This service's database was set back to an earlier moment. Until that is reconciled it answers reads only."
        " Try again later.",
    ),
    "CLOCK_UNFIT": (
        "系统时钟异常，暂时不能办理，请稍后重试；如仍不行，请联系运维人员。",
        "The system's clock is not right, so nothing can be changed. Try again later; if that fails, tell the"
        " operators.",
    ),
    "UNIMPLEMENTED": ("没有这个方法。", "There is no such method."),
    "EVENT_TOO_LARGE": (
        "系统内部错误：事件超过大小上限，请联系运维人员。",
        "Something failed inside the system: an event is larger than allowed. Tell the operators the request id.",
    ),
    "REMOTE_CALL_IN_TRANSACTION": (
        "系统内部错误：事务中发起了远程调用，请联系运维人员。",
        "Something failed inside the system: a remote call within a transaction. Tell the operators the request id.",
    ),
    "INTERNAL": (
        "系统内部错误，请联系运维人员并提供请求编号。",
        "Something failed inside the system. Tell the operators the request id.",
    ),
}

_TAKING_OF_EVENTS = {
    "PARKED_NOT_FOUND": ("没有这个被搁置的事件。", "There is no such parked event."),
    "NOT_THE_HEAD": (
        "该事件在等待同一对象的前一个事件，请先处理前一个。",
        "This event only waits behind an earlier one of its key. Deal with that one first.",
    ),
    "UNDECODABLE": ("事件内容无法解析。", "The event cannot be decoded."),
    "HANDLER_FAILED": ("事件处理失败。", "The handling of the event failed."),
    "TOO_OLD": ("事件已超过可接收的期限。", "The event is older than what is still taken."),
}

_FIELDS = {
    "required": ("必填。", "Must be set."),
    "too_short": ("长度不足，至少 {limit}。", "Too short: at least {limit}."),
    "too_long": ("长度超限，最多 {limit}。", "Too long: at most {limit}."),
    "too_many": ("条目过多，最多 {limit} 条。", "Too many items: at most {limit}."),
    "pattern": ("格式不正确，应符合 {pattern}。", "Wrong form: must match {pattern}."),
    "minimum": ("数值过小，不能小于 {limit}。", "Too small: at least {limit}."),
    "maximum": ("数值过大，不能大于 {limit}。", "Too large: at most {limit}."),
    "not_finite": ("必须是有限数值。", "Must be a finite number."),
    "unknown_enum": ("不是约定的取值。", "Not one of the agreed values."),
    "unknown_field": ("没有这个字段。", "There is no such field."),
    "control_character": ("含有不允许的控制字符。", "Holds a control character that is not allowed."),
    "timestamp": ("时间超出可表示的范围。", "Not a moment between the years 1 and 9999."),
    "key_missing": ("修改数据的请求必须携带。", "Every request that changes something needs one."),
    "key_invalid": ("幂等键格式不正确。", "Not in the form of an idempotency key."),
    "duration": ("时长超出可表示的范围。", "Not a length of time of at most 10,000 years."),
}

_CODES = {
    "code_uuid": ("应为小写的 UUID。", "Must be a UUID in lower case."),
    "code_case_number": (
        "办件编号格式不正确，示例：371102-20261123-2000427-X。",
        "Not in the form of a case number, such as 371102-20261123-2000427-X.",
    ),
    "code_case_number_check": (
        "办件编号校验位不符，请核对是否输错。",
        "The check character of the case number is wrong: look for a slip.",
    ),
    "code_region": (
        "行政区划代码应为 6、9、12 或 15 位数字。",
        "A region code has 6, 9, 12 or 15 digits.",
    ),
    "code_citizen_number": (
        "公民身份号码应为 17 位数字加一位数字或大写 X。",
        "A citizen identity number has 17 digits and a last digit or capital X.",
    ),
    "code_citizen_number_date": (
        "公民身份号码中的出生日期不存在。",
        "The citizen identity number holds an impossible day of birth.",
    ),
    "code_citizen_number_check": (
        "公民身份号码校验位不符，请核对是否输错。",
        "The check character of the citizen identity number is wrong: look for a slip.",
    ),
    "code_social_credit_code": (
        "统一社会信用代码应为 18 位，由数字和大写字母（不含 I、O、S、V、Z）组成。",
        "A unified social credit code has 18 digits and capitals, without I, O, S, V and Z.",
    ),
    "code_language": ("语言应为 zh-CN 或 en。", "The language must be zh-CN or en."),
    "code_department": (
        "部门代码格式不正确，示例：371102-SCJG。",
        "Not in the form of a department code, such as 371102-SCJG.",
    ),
    "code_certificate_identifier": (
        "电子证照标识格式不正确。",
        "Not in the form of a certificate identifier.",
    ),
    "code_certificate_identifier_check": (
        "电子证照标识校验位不符，请核对是否输错。",
        "The check character of the certificate identifier is wrong: look for a slip.",
    ),
}

SHARED: dict[str, tuple[str, str]] = {
    **_CALLER,
    **_REQUEST,
    **_SYSTEM,
    **_TAKING_OF_EVENTS,
    **_FIELDS,
    **_CODES,
}
