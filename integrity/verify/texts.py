"""What the verifier says, in simplified and traditional Chinese and in English; found by the codes of checks, refusals and verdicts."""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """Languages, as BCP 47 tags."""

    ZH_CN = "zh-CN"
    ZH_TW = "zh-TW"
    EN = "en"


_ORDER = (Language.ZH_CN, Language.ZH_TW, Language.EN)

_WORDS: dict[str, tuple[str, str, str]] = {
    "status_holds": ("通过", "通過", "ok"),
    "status_fails": ("失败", "失敗", "FAILED"),
    "status_note": ("提示", "提示", "note"),
    "step_container": ("封装", "封裝", "container"),
    "step_bag": ("BagIt", "BagIt", "bag"),
    "step_checkpoint": ("检查点", "檢查點", "checkpoint"),
    "step_time": ("时间", "時間", "time"),
    "step_events": ("事件", "事件", "events"),
    "step_contents": ("内容", "內容", "contents"),
    "step_files": ("文件", "檔案", "files"),
    "verdict_ORIGINAL": ("原件", "原件", "ORIGINAL"),
    "verdict_IMPORTED": ("导入件", "匯入件", "IMPORTED"),
    "verdict_DERIVED": ("派生件", "衍生件", "DERIVED"),
    "verdict_ALTERED": ("已被改动", "已被更動", "ALTERED"),
    "verdict_UNPROVED": ("未能证明", "未能證明", "UNPROVED"),
    "verdict_NOT OURS": ("非本系统所出", "非本系統所出", "NOT OURS"),
    "package": ("证据包 {label}", "證據包 {label}", "package {label}"),
    "progress": ("已读 {done} / {total}", "已讀 {done} / {total}", "read {done} of {total}"),
    "named": ("记录仪中的名称：{name}", "記錄儀中的名稱：{name}", "named by the recorder: {name}"),
    "digest": ("SHA-256 {sha256}，{size_bytes} 字节", "SHA-256 {sha256}，{size_bytes} 位元組", "SHA-256 {sha256}, {size_bytes} bytes"),
    "digest_sm3": ("SM3 {sm3}", "SM3 {sm3}", "SM3 {sm3}"),
    "complete": (
        "证据包 {package_id}：完整（COMPLETE），卷 {volumes}",
        "證據包 {package_id}：完整（COMPLETE），卷 {volumes}",
        "package {package_id}: COMPLETE (volumes {volumes})",
    ),
    "incomplete": (
        "证据包 {package_id}：不完整（卷 {volumes}）",
        "證據包 {package_id}：不完整（卷 {volumes}）",
        "package {package_id}: NOT COMPLETE (volumes {volumes})",
    ),
    "missing_clip": ("缺少：{name}", "缺少：{name}", "missing: {name}"),
    "missing_file": ("缺少文件：{name}", "缺少檔案：{name}", "missing file: {name}"),
    "list_not_vouched": (
        "日志未证明移交清单 contents.json，故不能断定完整",
        "日誌未證明移交清單 contents.json，故不能斷定完整",
        "the log does not vouch for the list of what was handed over, so nothing can be said to be complete",
    ),
    "result_0": (
        "结论：全部检查通过，文件齐全。",
        "結論：全部檢查通過，檔案齊全。",
        "RESULT: every check holds, and everything is here.",
    ),
    "result_1": ("结论：有检查未通过，见上文。", "結論：有檢查未通過，見上文。", "RESULT: something does not hold; see above."),
    "result_3": ("结论：证据包无法读取，见上文。", "結論：證據包無法讀取，見上文。", "RESULT: a package cannot be read; see above."),
}

_REFUSALS: dict[str, tuple[str, str, str]] = {
    "refused_not_zip": (
        "既不是文件夹，也不是以目录记录结尾的 ZIP 文件 {detail}",
        "既不是資料夾，也不是以目錄記錄結尾的 ZIP 檔 {detail}",
        "is neither a folder nor a ZIP file that ends in its directory {detail}",
    ),
    "refused_damaged": ("已损坏或被截断：{name} {detail}", "已損壞或被截斷：{name} {detail}", "is damaged or cut short: {name} {detail}"),
    "refused_bytes_outside": (
        "在文件之外还有数据，别的程序可能读出另一个档案 {name} {detail}",
        "在檔案之外還有資料，別的程式可能讀出另一個封存檔 {name} {detail}",
        "bytes lie outside of the files, where another program may see another archive {name} {detail}",
    ),
    "refused_too_many": ("条目过多 {detail}", "項目過多 {detail}", "holds too many entries {detail}"),
    "refused_encrypted": ("条目被加密：{name}", "項目被加密：{name}", "an entry is encrypted: {name}"),
    "refused_compressed": ("条目被压缩：{name}", "項目被壓縮：{name}", "an entry is compressed: {name}"),
    "refused_not_regular": (
        "是链接、设备或文件夹条目，不是普通文件：{name}",
        "是連結、裝置或資料夾項目，不是一般檔案：{name}",
        "is a link, a device or a folder, not a plain file: {name}",
    ),
    "refused_sizes": ("长度自相矛盾：{name}", "長度自相矛盾：{name}", "lengths contradict each other: {name}"),
    "refused_headers": (
        "条目自身的头与中央目录不符：{name}",
        "項目自身的標頭與中央目錄不符：{name}",
        "an entry's own header contradicts the central directory: {name}",
    ),
    "refused_overlap": ("条目重叠或之间有空隙：{name}", "項目重疊或之間有空隙：{name}", "entries overlap or leave a gap: {name}"),
    "refused_extra_field": (
        "附加字段可能改变条目含义：{name}",
        "附加欄位可能改變項目含義：{name}",
        "an extra field could change what the entry is: {name}",
    ),
    "refused_name": ("名称不被允许：{name}", "名稱不被允許：{name}", "a name is not allowed: {name}"),
    "refused_duplicate": ("名称重复：{name}", "名稱重複：{name}", "a name stands twice: {name}"),
    "refused_outside": ("位于证据包文件夹之外：{name}", "位於證據包資料夾之外：{name}", "lies outside of the package's folder: {name}"),
    "refused_empty": ("没有任何文件", "沒有任何檔案", "holds no file"),
    "refused_too_long": ("文件过长：{name}", "檔案過長：{name}", "a file is too long: {name}"),
    "refused_changed": ("读取时长度改变：{name}", "讀取時長度改變：{name}", "changed its length while it was read: {name}"),
    "refused_unreadable": ("无法读取：{name} {detail}", "無法讀取：{name} {detail}", "cannot be read: {name} {detail}"),
}

_CHECKS: dict[str, tuple[str, str, str]] = {
    "container_read": (
        "{files} 个文件，{size_bytes} 字节，封装无可疑之处",
        "{files} 個檔案，{size_bytes} 位元組，封裝無可疑之處",
        "{files} files, {size_bytes} bytes; nothing hidden, doubled or linked",
    ),
    "bag_part": ("含有不应有的 BagIt 部分：{names}", "含有不應有的 BagIt 部分：{names}", "holds parts of a bag that do not belong here: {names}"),
    "bag_list_damaged": ("{list} 已损坏：{reason}", "{list} 已損壞：{reason}", "{list} is damaged: {reason}"),
    "bag_missing": ("{list} 列出但不存在：{name}", "{list} 列出但不存在：{name}", "{list} names a file that is not there: {name}"),
    "bag_unlisted": ("{list} 未列出：{name}", "{list} 未列出：{name}", "{list} does not name {name}"),
    "bag_list": ("{list} 与 {count} 个文件相符", "{list} 與 {count} 個檔案相符", "{list} names exactly the {count} files that are there"),
    "bag_digest": (
        "与 tagmanifest-sha256.txt 的摘要不符：{name}",
        "與 tagmanifest-sha256.txt 的摘要不符：{name}",
        "has another digest than listed: {name}",
    ),
    "bag_tag_digests": ("{count} 个标签文件的摘要相符", "{count} 個標籤檔的摘要相符", "the digests of {count} tag files agree"),
    "bag_version": ("bagit.txt 不是 BagIt 1.0", "bagit.txt 不是 BagIt 1.0", "bagit.txt is not that of BagIt 1.0"),
    "bag_version_1": ("BagIt 1.0", "BagIt 1.0", "BagIt 1.0"),
    "bag_oxum": (
        "Payload-Oxum 与实际的 {size_bytes} 字节、{count} 个文件不符",
        "Payload-Oxum 與實際的 {size_bytes} 位元組、{count} 個檔案不符",
        "Payload-Oxum is not the real {size_bytes} bytes in {count} files",
    ),
    "json_wrong": ("{reason}", "{reason}", "{reason}"),
    "key_note_wrong": ("换钥声明无效：{reason}", "換鑰聲明無效：{reason}", "a note of a changed key does not hold: {reason}"),
    "key_notes": (
        "日志换钥 {count} 次，均由前后两钥签名",
        "日誌換鑰 {count} 次，均由前後兩鑰簽名",
        "{count} changes of the log's key, each signed by both keys",
    ),
    "checkpoint_missing": ("缺少 log/checkpoint", "缺少 log/checkpoint", "log/checkpoint is missing"),
    "checkpoint_wrong": ("检查点不可信：{reason}", "檢查點不可信：{reason}", "the checkpoint is not to be trusted: {reason}"),
    "checkpoint_other": (
        "检查点属于另一日志或另一大小：{origin}，{size}",
        "檢查點屬於另一日誌或另一大小：{origin}，{size}",
        "the checkpoint is of another log or size than evidence.json says: {origin}, {size}",
    ),
    "checkpoint_signed": (
        "{origin} 的密钥已签署：{size} 个事件，根 {root}",
        "{origin} 的金鑰已簽署：{size} 個事件，根 {root}",
        "signed by the key of {origin}: {size} events, root {root}",
    ),
    "witness_silent": ("见证人 {name} 未签", "見證人 {name} 未簽", "witness {name} did not sign it"),
    "witness_signed": ("见证人 {name} 于 {at} 联署", "見證人 {name} 於 {at} 連署", "witness {name} signed it at {at}"),
    "other_wrong": ("给出的检查点不可信：{reason}", "給出的檢查點不可信：{reason}", "the checkpoint from elsewhere is not to be trusted: {reason}"),
    "other_equal": ("与给出的检查点（{size}）相同", "與給出的檢查點（{size}）相同", "equals the checkpoint from elsewhere ({size} events)"),
    "other_forked": (
        "与给出的检查点大小同为 {size} 而根不同：日志曾被分叉",
        "與給出的檢查點大小同為 {size} 而根不同：日誌曾被分叉",
        "the checkpoint from elsewhere has the same size {size} and another root: the log was forked",
    ),
    "other_consistent": (
        "由给出的检查点（{size}）续增至 {own_size}，已证明",
        "由給出的檢查點（{size}）續增至 {own_size}，已證明",
        "continues the checkpoint from elsewhere: {size} events then, {own_size} now, proved",
    ),
    "other_not_consistent": (
        "不是给出的检查点（{size}）的延续：{reason}",
        "不是給出的檢查點（{size}）的延續：{reason}",
        "does not continue the checkpoint from elsewhere ({size} events): {reason}",
    ),
    "other_unconnected": (
        "给出的检查点（{size}）与本检查点（{own_size}）之间没有证明相连",
        "給出的檢查點（{size}）與本檢查點（{own_size}）之間沒有證明相連",
        "nothing here connects the checkpoint from elsewhere ({size} events) with this one ({own_size})",
    ),
    "token_missing": ("缺少 log/checkpoint.tst", "缺少 log/checkpoint.tst", "log/checkpoint.tst is missing"),
    "token_wrong": ("时间戳 {name} 无效：{reason}", "時間戳 {name} 無效：{reason}", "the time-stamp {name} does not hold: {reason}"),
    "token_holds": (
        "时间戳 {name}：{authority} 证明 {size} 个事件在 {at} 已存在",
        "時間戳 {name}：{authority} 證明 {size} 個事件在 {at} 已存在",
        "{name}: {authority} attests that the {size} events existed at {at}",
    ),
    "token_of_unknown_root": (
        "时间戳 {name}（{authority}，{at}）不出自给出的根证书：{reason}",
        "時間戳 {name}（{authority}，{at}）不出自給出的根憑證：{reason}",
        "{name} ({authority}, {at}) is of no root that was given: {reason}",
    ),
    "token_unchecked": (
        "时间戳 {name} 自称 {at}（{authority}）；未给出根证书，不作证明",
        "時間戳 {name} 自稱 {at}（{authority}）；未給出根憑證，不作證明",
        "{name} says {at} ({authority}); no root was given, so this proves nothing yet",
    ),
    "time_of_log_alone": (
        "未给出时间戳根证书（--tsa-root）：时间仅凭日志自述",
        "未給出時間戳根憑證（--tsa-root）：時間僅憑日誌自述",
        "no root of a time-stamp authority was given (--tsa-root): time rests on the log alone",
    ),
    "time_no_root_vouches": ("给出的根证书均不能证明时间", "給出的根憑證均不能證明時間", "no root that was given vouches for the time"),
    "time_without_checkpoint": ("没有可信的检查点，时间无从证明", "沒有可信的檢查點，時間無從證明", "without a trusted checkpoint nothing says when"),
    "events_without_checkpoint": (
        "没有可信的检查点，事件无从证明",
        "沒有可信的檢查點，事件無從證明",
        "without a trusted checkpoint no event is proved",
    ),
    "event_wrong": (
        "位置 {leaf_index} 的事件不成立：{reason}",
        "位置 {leaf_index} 的事件不成立：{reason}",
        "the event at {leaf_index} does not hold: {reason}",
    ),
    "events_out_of_order": ("事件位置重复或无序", "事件位置重複或無序", "events are not in the order of different positions"),
    "event_stranger": (
        "位置 {leaf_index} 的事件 {action} 不属于本卷",
        "位置 {leaf_index} 的事件 {action} 不屬於本卷",
        "the event {action} at {leaf_index} belongs to nothing in this volume",
    ),
    "events_proved": ("{count} 个事件均在日志之中", "{count} 個事件均在日誌之中", "{count} events are in the log"),
    "chain_broken": (
        "录像 {clip_id} 的事件链在第 {seq} 个处中断",
        "影像 {clip_id} 的事件鏈在第 {seq} 個處中斷",
        "the chain of {clip_id} is broken at its event {seq}",
    ),
    "chains_whole": ("{count} 条事件链均无缺漏", "{count} 條事件鏈均無缺漏", "{count} chains of custody are without a gap"),
    "made_events": (
        "应有一个移交事件 package.made，实有 {count} 个",
        "應有一個移交事件 package.made，實有 {count} 個",
        "expected one proved event package.made, found {count}",
    ),
    "package_ids": ("各文件所称的证据包不同", "各檔案所稱的證據包不同", "files name different packages"),
    "contents_changed": ("contents.json 不是移交时的清单", "contents.json 不是移交時的清單", "contents.json is not the list that the log knows"),
    "contents_in_log": (
        "日志证明：向 {recipient} 移交 {clips} 个录像，用途：{purpose}",
        "日誌證明：向 {recipient} 移交 {clips} 個影像，用途：{purpose}",
        "the log knows this handing-over of {clips} clips to {recipient}, for: {purpose}",
    ),
    "clip_not_listed": ("移交清单中没有 {clip_id}", "移交清單中沒有 {clip_id}", "{clip_id} is not in the list of what was handed over"),
    "clip_events": (
        "{clip_id} 应有 {expected} 个事件，实有 {count} 个，或末尾不符",
        "{clip_id} 應有 {expected} 個事件，實有 {count} 個，或末尾不符",
        "{clip_id} should have {expected} events and has {count}, or ends otherwise",
    ),
    "clip_not_exported": (
        "{clip_id} 的最后一个事件不是本次移交",
        "{clip_id} 的最後一個事件不是本次移交",
        "the last event of {clip_id} is not this handing-over",
    ),
    "clips_listed": ("{count} 个录像均在移交清单之中", "{count} 個影像均在移交清單之中", "{count} clips are in the list, with all of their events"),
    "manifest_unknown": ("多出的清单 {name}", "多出的清單 {name}", "a manifest belongs to no clip here: {name}"),
    "manifest_wrong": ("清单 {name} 不成立：{reason}", "清單 {name} 不成立：{reason}", "the manifest {name} does not hold: {reason}"),
    "manifests_agree": ("{count} 份清单与事件链相符", "{count} 份清單與事件鏈相符", "{count} manifests agree with the chains of custody"),
    "manifests_unsigned": (
        "未给出清单密钥（--manifest-key）：清单的签名未检查",
        "未給出清單金鑰（--manifest-key）：清單的簽名未檢查",
        "no key for manifests was given (--manifest-key): their signatures were not checked",
    ),
    "payload_digest": ("摘要与 {list} 不符：{name}", "摘要與 {list} 不符：{name}", "has another digest than {list} says: {name}"),
    "payload_digests": ("{count} 个载荷文件的摘要相符", "{count} 個載荷檔案的摘要相符", "the digests of {count} payload files agree"),
    "sm3_not_computed": (
        "已计算 SHA-256；未计算 SM3（可用 --sm3）",
        "已計算 SHA-256；未計算 SM3（可用 --sm3）",
        "SHA-256 was computed; SM3 was not (--sm3 does)",
    ),
}

_VERDICTS: dict[str, tuple[str, str, str]] = {
    "as_stored": (
        "与入库时逐位相同，保管链自 {at} 起",
        "與入庫時逐位相同，保管鏈自 {at} 起",
        "bit for bit what was stored; custody since {at}",
    ),
    "imported": (
        "与导入时逐位相同；保管自 {at} 起，由 {importer} 自 {received_from} 导入，依据：{document}",
        "與匯入時逐位相同；保管自 {at} 起，由 {importer} 自 {received_from} 匯入，依據：{document}",
        "bit for bit what was brought; custody only since {at}, by {importer} from {received_from}, under: {document}",
    ),
    "derived": ("由录像 {clip_id} 生成，方法：{recipe}", "由影像 {clip_id} 產生，方法：{recipe}", "made from {clip_id} by the recipe {recipe}"),
    "other_bytes": (
        "内容不是入库的内容（应为 SHA-256 {stored_sha256}，{stored_bytes} 字节）",
        "內容不是入庫的內容（應為 SHA-256 {stored_sha256}，{stored_bytes} 位元組）",
        "not the bytes that were stored (SHA-256 {stored_sha256}, {stored_bytes} bytes)",
    ),
    "derivative_other_bytes": (
        "内容不是移交的内容（应为 SHA-256 {stored_sha256}）",
        "內容不是移交的內容（應為 SHA-256 {stored_sha256}）",
        "not the bytes that were handed over (SHA-256 {stored_sha256})",
    ),
    "derivative_unknown": ("日志不知此派生件", "日誌不知此衍生件", "the log knows no such derivative"),
    "no_event": ("没有任何已证明的事件提及它", "沒有任何已證明的事件提及它", "no proved event knows it"),
    "never_stored": ("已证明的事件中没有入库", "已證明的事件中沒有入庫", "no proved event says that it was stored"),
    "chain_or_contents": (
        "内容与所称的一致，但保管链或移交清单不成立",
        "內容與所稱的一致，但保管鏈或移交清單不成立",
        "the bytes are those that are claimed, but its chain or the list of what was handed over does not hold",
    ),
    "contents_differ": ("移交清单与保管链矛盾", "移交清單與保管鏈矛盾", "the list of what was handed over contradicts its chain"),
    "not_announced": ("保管链的开头不是登记", "保管鏈的開頭不是登記", "its chain does not begin with its announcement"),
    "belongs_to_nothing": ("不属于任何录像", "不屬於任何影像", "belongs to nothing that was handed over"),
}

TEXTS = {code: dict(zip(_ORDER, texts, strict=True)) for part in (_WORDS, _REFUSALS, _CHECKS, _VERDICTS) for code, texts in part.items()}
"""Each text in each language, by its code."""
