"""Short lists of Chinese words that the rules know."""

from __future__ import annotations

from luthier.augment.syntax.wording import pairs, words

PERSONS = words(
    "送货员 售后 物流公司 "
    "我 我们 咱们 咱 你 你们 他 她 他们 她们 老板 老板娘 服务员 店员 店家 客服 小哥 骑手 师傅 "
    "快递员 送餐员 卖家 商家 老公 老婆 妈妈 爸爸 老妈 老爸 孩子 儿子 女儿 朋友 同事 妹妹 姐姐 弟弟 "
    "哥哥 女友 男友 家人 同学 经理 厨师"
)
"""Who acts: pronouns of persons and people that reviews speak of."""
ANAPHORS = words(
    "它 它们 他 她 他们 她们 其 此 该 这 那 这个 那个 这样 那样 这些 那些 这里 那里 这儿 那儿 前者 后者 者"
)
TIMES = words(
    "昨天 今天 前天 昨日 今日 昨晚 今晚 今早 昨儿 今儿 早上 上午 中午 下午 晚上 周末 上周 上周末 "
    "上个月 去年 今年 前几天 前些天 那天 当天 第二天 上次 这次 最近 现在 后来 平时 以前 之前 刚才 "
    "其实 可能 也许 大概 最后 当时 本来 一开始"
)
TIMES |= {
    f"{day}{part}"
    for day in ("昨天", "今天", "前天", "当天")
    for part in ("早上", "上午", "中午", "下午", "晚上")
}
"""Times and stances that stand before the subject or behind it."""
CONJUNCTIONS = words(
    "但 但是 不过 可是 可 而且 并且 然后 所以 因此 于是 因为 由于 虽然 虽说 尽管 如果 要是 假如 "
    "只要 只有 除非 否则 不然 即使 就算 哪怕 无论 不管 既然 而 却 另外 此外 只是 就是 还是 或者 "
    "要么 以及 甚至 从而 以至于 导致"
)

NOUNS = words(
    "味道 口味 口感 菜品 菜量 分量 份量 食材 服务 服务态度 态度 环境 卫生 装修 位置 交通 价格 价位 "
    "性价比 速度 送餐速度 送货速度 配送速度 发货速度 物流 物流速度 快递 快递速度 包装 质量 做工 "
    "面料 布料 款式 颜色 尺码 大小 外观 外形 屏幕 电池 音质 画质 系统 性能 配置 散热 键盘 手感 "
    "运行速度 内容 印刷 纸质 纸张 排版 文字 情节 房间 早餐 前台 隔音 床 设施 汤 汤底 锅底 肉 菜 "
    "米饭 水果 个头 水分 甜度 送餐 送货 发货 配送 客服态度 店员态度 服务员态度 气味 效果 样式 肉质 "
    "饮料 小吃 甜品 蘸料 调料 摆盘 氛围 灯光 音乐 气氛 地理位置 反应 反应速度 音效 画面 图像 清晰度 "
    "信号 产品质量 东西 商品 外壳 机身 重量 厚度 送餐员态度 快递员态度 快递小哥态度 送餐小哥态度"
)
"""What reviews speak of: where two stand side by side, their order carries no meaning."""

ADJECTIVES = words(
    "好 快 慢 大 小 多 少 足 贵 香 甜 咸 淡 辣 脆 嫩 软 硬 酸 差 好吃 难吃 好喝 不错 一般 还行 "
    "还可以 还不错 可以 不好 不行 很差 便宜 实惠 合理 适中 干净 整洁 卫生 新鲜 及时 准时 迅速 热情 "
    "周到 友好 亲切 漂亮 好看 精美 精致 清晰 流畅 舒服 舒适 安静 方便 便利 丰富 充足 宽敞 明亮 优雅 "
    "温馨 满意 给力 正宗 地道 高 低 高档 大方 时尚 轻薄 轻便 严实 完好 结实 柔软 合适 合身 正 粗糙 "
    "冷淡 恶劣 敷衍 马虎 油腻 清淡 鲜美 爽口 入味 清楚 稳定 灵敏 精彩 生动 有趣 幽默 赞 棒 耐用 "
    "省电 时髦 洋气 厚实 透气 清爽 红 圆 白 厚 薄 轻 重 长 短 宽 窄 亮 暗 美味 好用 难用 难看 脏 乱 "
    "破 旧 新 吵 冷 热 烫 凉 油 腻 烂 黑 瘦 胖 高兴 认真 负责 耐心 细心 礼貌 客气 聪明 活泼 可爱 "
    "简单 实用 美观 沉 笨重 浓 实在 正点"
)
"""Words that describe: where two stand side by side, their order carries no meaning."""

DEGREES = words(
    "很 非常 特别 挺 超 超级 太 比较 真 真的 真心 十分 有点 有点儿 稍微 相当 蛮 真是 也算 算是 最 "
    "巨 极其 还 还算 更 都 也"
)
WEAK = words("也 都 更 还 最 也算 还算")
"""Degrees that look back at what was said before."""

FIXED = pairs("惊/喜 高/大 白/胖 香/辣 酸/甜 大/圆 红/专 脏/乱 累/饿 大方/得体 好气/好笑")
"""Pairs that stand in one order."""
