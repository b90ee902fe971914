"""Words about events that nobody has taken, and what is done with them: (zh-CN, en)."""

from __future__ import annotations

OPEN_EVENTS: dict[str, tuple[str, str]] = {
    "open.title": ("未处理完的事件", "Events not taken"),
    "open.about": (
        "各服务的消费者尚未处理的事件：滞留的等待人工处理，其余会自行继续。",
        "Events that a consumer of a service has not taken: what is parked waits for a person, the rest goes"
        " on by itself.",
    ),
    "open.nothing": ("没有滞留或等待中的事件。", "No event is parked or waits."),
    "open.more": ("共 {total} 件，只列出前 {count} 件。", "{total} altogether; the first {count} are listed."),
    "open.unknown_type": ("无法识别的事件", "Unknown event"),
    "open.event": ("事件", "Event"),
    "open.means_label": ("原因", "Why"),
    "open.do_label": ("处置", "What to do"),
    "open.attempts": ("已尝试", "Tries"),
    "open.since": ("持续", "For"),
    "open.due": ("下次尝试", "Next try"),
    "open.case": ("办件", "Case"),
    "open.no_case": ("不属于任何办件", "of no case"),
    "open.id": ("事件编号", "Event id"),
    "open.type": ("事件类型", "Type"),
    "open.outcome.parked": ("滞留", "parked"),
    "open.outcome.retrying": ("重试中", "tried again"),
    "open.outcome.waiting": ("排队等待", "waits behind another"),
    "open.outcome.taken": ("已处理", "taken"),
    "open.outcome.refused": ("被规则拒绝", "refused by a rule"),
    "open.outcome.discarded": ("已放弃", "given up"),
    "open.means.parked": ("多次尝试后仍未能处理。", "It could not be taken, however often it was tried."),
    "open.means.retrying": (
        "它所依赖的内容尚未到达，或遇到暂时性故障。",
        "What it refers to is not here yet, or something failed that may pass.",
    ),
    "open.means.waiting": ("同一对象的前一事件尚未处理。", "An earlier event of the same thing has not been taken."),
    "open.means.taken": ("消费者已处理。", "The consumer has taken it."),
    "open.means.refused": (
        "业务规则拒绝了它，这是正常结果。",
        "A rule of the service refused it, which is an outcome.",
    ),
    "open.means.discarded": ("操作员已放弃它。", "An operator gave it up."),
    "open.do.parked": (
        "先消除原因，再重试；确实无法处理的才放弃。",
        "Mend the cause first, then retry. Give up only what can never be taken.",
    ),
    "open.do.retrying": (
        "无需操作，会自行重试；24 小时后转为滞留。",
        "Nothing: it is tried again, for up to 24 hours.",
    ),
    "open.do.waiting": (
        "先处理前一事件，本事件会随后自行继续。",
        "Deal with the one before it; this one then goes on.",
    ),
    "open.do.taken": ("无需操作。", "Nothing."),
    "open.do.refused": ("无需操作；如有疑问，联系规则所属部门。", "Nothing; its department can tell why."),
    "open.do.discarded": (
        "告知持有办件的部门：后续步骤不会发生。",
        "Tell who holds the case: what follows will not come.",
    ),
    "open.reason.UNDECODABLE": (
        "事件内容无法解码，发送方有误。",
        "Its content cannot be decoded: a fault of the sender.",
    ),
    "open.do.UNDECODABLE": (
        "联系发送方的维护人员。此件无法修复：放弃，由发送方另发。",
        "Tell the owner of the sending service. This one cannot be mended: give it up and have it sent anew.",
    ),
    "open.reason.NO_ENVELOPE": ("缺少事件信封，不知来源与类型。", "It has no envelope, so nobody knows whose it is."),
    "open.do.NO_ENVELOPE": (
        "查明是谁向该主题写入；此件放弃。",
        "Find out who writes to that topic, and give this one up.",
    ),
    "open.reason.FOREIGN_EVENT": (
        "事件的来源与类型不属于该主题。",
        "Its source and type do not belong to that topic.",
    ),
    "open.do.FOREIGN_EVENT": (
        "查明是谁向该主题写入；此件放弃。",
        "Find out who writes to that topic, and give this one up.",
    ),
    "open.reason.NO_HANDLER": ("该版本的服务不再处理此类事件。", "This release of the service takes no such event."),
    "open.do.NO_HANDLER": (
        "核对服务版本；部署能处理它的版本后重试，否则放弃。",
        "Look at the release: retry once one that takes it is there, else give it up.",
    ),
    "open.reason.TOO_OLD": ("事件早于可接收的期限。", "It is older than what is still taken."),
    "open.do.TOO_OLD": (
        "核对它是否已处理过；未处理且仍需要的，重试。",
        "Find out whether it was taken already; retry it if it was not and is still wanted.",
    ),
    "open.reason.FROM_THE_FUTURE": ("事件时间在未来，有时钟不准。", "It is from the future: a clock is wrong."),
    "open.do.FROM_THE_FUTURE": ("校正发送方的时钟，然后重试。", "Set the sender's clock right, then retry."),
    "open.reason.HANDLER_FAILED": (
        "服务处理它时出错，是服务的缺陷。",
        "The service failed at it: a fault of the service.",
    ),
    "open.do.HANDLER_FAILED": (
        "让服务维护人员按日志查明并修复，部署后重试。",
        "Have the service's owner mend what the log shows, then retry.",
    ),
    "open.reason.HANDLER_CRASHED": (
        "处理它时进程一再中止。",
        "The process ended while it was taken, again and again.",
    ),
    "open.do.HANDLER_CRASHED": (
        "若进程是因别的原因中止，直接重试；否则先修复服务。",
        "If the process ended for another reason, retry; else mend the service first.",
    ),
    "open.reason.UNREADABLE": ("连失败情况都无法记录。", "Not even its failure could be written down."),
    "open.do.UNREADABLE": (
        "让服务维护人员查看日志；通常应放弃。",
        "Have the owner look at the log; mostly it is to be given up.",
    ),
    "open.reason.BEHIND_ANOTHER": (
        "同一对象的前一事件尚未处理，按顺序等待。",
        "An earlier event of the same thing has not been taken; this one keeps the order.",
    ),
    "open.reason.DATABASE_BUSY": ("数据库繁忙。", "The database is busy."),
    "open.reason.UNAVAILABLE": ("它要读取的服务不可用。", "A service that it reads from is away."),
    "event.gone": (
        "该事件不在未处理之列：已处理或已放弃，或不在您的辖区。",
        "This event is not among those that wait: it was taken or given up, or lies outside your region.",
    ),
    "event.back": ("全部服务与事件", "All services and events"),
    "event.sure": ("状态由 {service} 每隔几秒告知。", "{service} tells how it stands every few seconds."),
    "act.title": ("处置", "Act"),
    "act.retry": ("重试", "Retry"),
    "act.retry.about": (
        "让消费者再试一次；同一对象的后续事件随后依次继续。",
        "The consumer tries it again; later events of the same thing follow in order.",
    ),
    "act.discard": ("放弃", "Discard"),
    "act.discard.about": (
        "永久放弃，它本应引起的后续不会发生；后续事件继续。不能撤销。",
        "Gives it up for good: what it would have caused does not happen, later events go on. It cannot be undone.",
    ),
    "act.reason": ("理由（记入审计日志）", "Why (kept in the audit log)"),
    "act.reason.hint": (
        "最多 200 字；不要写姓名、电话、证件号等个人信息。",
        "Up to 200 characters; no names, numbers or other personal data.",
    ),
    "act.confirm": ("键入“{word}”以确认", "Type “{word}” to confirm"),
    "act.confirm.word": ("放弃", "discard"),
    "act.nobody": (
        "您没有 operations.act 权限：只能查看。请由具有该权限的运维人员重试或放弃。",
        "You do not hold the scope operations.act, so you can only look. An operator who holds it can retry"
        " or discard.",
    ),
    "act.done.retry": (
        "已请求重试，理由已入审计日志。新的结果会显示在下面。",
        "It is tried again, and the audit log has your reason. What becomes of it shows below.",
    ),
    "act.done.discard": ("已放弃，理由已入审计日志。", "It was given up, and the audit log has your reason."),
    "act.again": ("再次处置", "Act again"),
    "act.refused": ("没有成功", "It did not work"),
    "act.wrong.reason": ("请填写理由，最多 {limit} 字。", "Say why, in up to {limit} characters."),
    "act.wrong.confirmed": ("请键入“{word}”。", "Type “{word}”."),
    "act.refused.SCOPE_MISSING": ("您没有 operations.act 权限。", "You do not hold the scope operations.act."),
    "act.refused.PARKED_NOT_FOUND": (
        "该事件已不在滞留之列：可能刚被处理，或已由他人处置。",
        "It is not parked any more: it was just taken, or somebody else has acted.",
    ),
    "act.refused.NOT_THE_HEAD": (
        "它在等待同一对象的前一事件，请先处置前一事件。",
        "It only waits behind an earlier event of the same thing: deal with that one first.",
    ),
    "act.refused.UNAVAILABLE": (
        "该服务没有应答，是否已执行请看事件的状态。可以重新提交：同一表单只执行一次。",
        "The service did not answer; how the event stands tells whether it was done. The form may be sent again: it"
        " acts once.",
    ),
}
