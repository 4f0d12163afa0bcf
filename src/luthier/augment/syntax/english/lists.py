"""Closed classes of English words, and short open lists of what reviews are about."""

from __future__ import annotations

from luthier.augment.syntax.wording import pairs, words

NOMINATIVE = words("i we he she they")
PRONOUNS = NOMINATIVE | words("you it me us him her them everyone everybody everything nobody nothing")
"""Personal pronouns that stand for a whole noun phrase, and some indefinite ones."""
ANAPHORS = {
    **dict.fromkeys(("he", "him", "his", "himself"), "he"),
    **dict.fromkeys(("she", "her", "hers", "herself"), "she"),
    **dict.fromkeys(("it", "its", "itself", "it's"), "it"),
    **dict.fromkeys(("they", "them", "their", "theirs", "themselves", "they're", "they've"), "they"),
    **dict.fromkeys(("one", "ones", "such", "same", "both", "either", "neither", "latter", "former"), "one"),
    **dict.fromkeys(("this", "that", "these", "those", "here", "there", "so", "do", "did", "does"), "that"),
}
"""Words that may stand for something said before, by what they may stand for."""
DETERMINERS = words("the a an this that these those my our your his her its their")
QUANTIFIERS = words(
    "all any both each either every few fewer less many more most much neither no none only several "
    "some enough half another other same such"
)
BE = words("am is are was were 's 're 'm")
HAVE = words("have has had 've")
MODALS = words("will would can could may might must should shall 'll 'd ca wo")
DO = words("do does did")
AUXILIARIES = BE | HAVE | MODALS | DO | words("ai")
CONTRACTED = words(
    "it's that's there's he's she's i'm we're they're you're i've we've they've you've i'd we'd "
    "they'd you'd i'll we'll they'll you'll it'll he'll she'll it'd isn't aren't wasn't weren't "
    "don't doesn't didn't haven't hasn't hadn't won't wouldn't can't couldn't shouldn't mustn't"
)
NEGATIONS = words(
    "not n't no never nor neither none nothing nobody nowhere cannot hardly scarcely barely rarely "
    "seldom without isn't aren't wasn't weren't don't doesn't didn't haven't hasn't hadn't won't "
    "wouldn't can't couldn't shouldn't mustn't few little dont didnt wasnt isnt cant couldnt wont"
)
PREPOSITIONS = words(
    "of in on at by for with from to into onto about over under through during between among "
    "against along around near off out up down upon within without before after behind beside "
    "besides beyond inside outside above below across despite except like per than as throughout "
    "toward towards until till since via versus"
)
COORDINATORS = words("and but or nor yet so then plus & either neither both whether")
SUBORDINATORS = words("because although though if when while since before after until unless once whenever")
MOMENTS = words(
    "january february march april may june july august september october november december war wars "
    "moment moments time times day days year years period periods night nights hour hours week weeks "
    "month months age ages era season seasons point stage minute second occasion occasions date "
    "morning evening instance case cases summer winter spring autumn phase century decade stages"
)
"""Behind one of these, "when" and "before" tell which, not when."""
LATER = words("later earlier again instead else too also already afterwards beforehand thereafter either")
"""Adverbs that look back at what was said before."""
RELATIVES = words("who whom whose which what where why how that whether whatever whoever wherever however")
FOCUS = words(
    "only just even especially particularly also too not or and but except that what if as than "
    "like perhaps maybe simply merely mostly partly chiefly exactly right immediately shortly soon "
    "long days weeks hours minutes months years ever well much"
)
"""A subordinator behind one of these is part of something else than a clause that moves freely."""
DEGREES = words("very really so too quite extremely rather pretty fairly incredibly super truly just")
MOVABLE = words(
    "unfortunately fortunately luckily sadly thankfully surprisingly obviously overall honestly "
    "frankly usually yesterday today tonight tomorrow last in on at during for despite with upon "
    "from throughout after before recently generally normally typically occasionally eventually "
    "quickly slowly sometimes"
)
CLOSED = (
    PRONOUNS | DETERMINERS | QUANTIFIERS | AUXILIARIES | CONTRACTED | NEGATIONS | PREPOSITIONS | COORDINATORS
    | SUBORDINATORS | RELATIVES | DEGREES | MOVABLE | ANAPHORS.keys() | words("there here even as")
)  # fmt: skip
"""Words that are no names, whatever their capital, and that no noun phrase goes over."""

TRANSITIVE = words(
    "accept admire amaze annoy answer appal applaud appreciate approach approve assault astonish "
    "attack balance ban book bore bother break bring build burn buy cancel captivate capture "
    "celebrate change charm check choose clean clear combine confirm confuse cook correct create "
    "criticise criticize damage dampen deliver describe design destroy devour direct disappoint "
    "discover discuss disgust distract dominate drink eat edit elevate enchant encourage enhance "
    "enliven entertain escort evoke examine expose explain explore film finance fix fool forget "
    "generate greet grill hamper hinder handle haunt help hire ignore illustrate impress inform inspire "
    "insult interrupt intrigue introduce invent invite irritate kill lead load manage mar master "
    "mention miss mix negate notice offend offer offset open overcome overshadow overwhelm own paint "
    "perform please pour praise prepare present produce promise propose protect provide publish "
    "raise recommend refill reject remove repair replace reveal review ruin save season select "
    "serve shock shoot sing solve spoil steal stun support surprise teach test thrill throw "
    "translate transform undermine undercut uplift use verify wash welcome win write"
)
"""Verbs whose object is affected, met or made, and whose passive reads naturally."""
REPORTING = words(
    "think believe know say tell ask feel find see hear guess hope wish wonder remember suppose "
    "expect suggest recommend decide want let make force seem claim realize realise notice "
    "mean assume imagine doubt love hate understand care matter sure glad happy sad sorry certain "
    "unsure afraid"
)
"""Verbs (and adjectives) whose complement may hold what looks like an adverbial clause of the whole."""

ADJECTIVES = words(
    "amazing attentive authentic average awesome awful awkward bad beautiful bland boring bright "
    "brilliant busy charming cheap cheerful clean clever clumsy cold comfortable competent cozy "
    "cosy cramped creamy creative crisp crispy crowded cute dark decent delicious delightful dense "
    "dirty disappointing disgusting dreadful dry dull efficient elegant empty engaging entertaining "
    "excellent exciting expensive fabulous fantastic fast fatty fine flavorful flavourful "
    "flavorless fresh friendly fun funny generous gentle genuine good gorgeous great greasy "
    "heartfelt helpful honest horrible hot huge hungry impersonal impressive inattentive incredible "
    "inexpensive innovative inspiring intelligent interesting intimate inventive juicy kind "
    "knowledgeable large lazy light lively long loud lousy lovely mediocre memorable messy modern "
    "moving nasty noisy old ordinary original outstanding overcooked overpriced packed patient "
    "perfect phenomenal plain playful pleasant poignant polite poor powerful predictable "
    "pretentious pretty professional prompt quick quiet quirky reasonable refreshing relaxed "
    "relaxing rich rude sad salty satisfying shallow sharp short silly simple sincere slow small "
    "smart smooth smoky soggy solid sour spacious special spectacular spicy spotless stale strange "
    "strong stuffy stunning stupid stylish subtle superb sweet talented tasteless tasty tedious "
    "tender terrible terrific thin thoughtful tight tiny touching tough traditional trendy ugly "
    "unfriendly uncomfortable uneven unhelpful uninspired unique unpleasant unprofessional vibrant "
    "warm watery weak weird welcoming wonderful young accommodating affordable available courteous "
    "fair healthy nice rubbery stylized visceral witty lush gritty lyrical compelling contrived "
    "convincing courageous dazzling exhilarating familiar fascinating forgettable goofy graceful "
    "hilarious imaginative lame lifeless melancholy murky overwrought pointless provocative "
    "repetitive romantic sappy sentimental sloppy smug tense thrilling tired unfunny unoriginal "
    "vivid wise zany absorbing amusing bleak bloody caustic chilling corny crude cynical daring "
    "depressing disturbing eccentric ambitious"
)
"""Adjectives that describe: where two stand side by side, their order carries no meaning."""

NOUNS = words(
    "food service atmosphere ambience ambiance staff decor drinks waiter waitress waiters "
    "waitresses server servers host hostess manager bartender bartenders chef menu price prices "
    "portions quality quantity taste presentation location appetizers appetizer entrees desserts "
    "dessert wine cocktails coffee music lighting seating place room bathroom bathrooms bar kitchen "
    "restaurant plot story acting direction script dialogue characters performances cinematography "
    "humor humour pacing editing writing photography soundtrack imagery actors cast director "
    "screenplay comedy drama romance action visuals sound picture battery screen camera keyboard "
    "delivery packaging design size color colour value parking interior flavors flavours flavor "
    "vibe wines beers drink dinner lunch sushi pizza steak salad soup fish chicken bread pasta "
    "burger fries waitstaff meal dishes dish tables table chairs selection patio environment crowd "
    "film movie"
)
"""What reviews speak of: where two stand side by side, their order carries no meaning."""

FIXED = pairs(
    "salt/pepper fish/chips bread/butter mac/cheese wine/cheese steak/eggs ham/eggs bacon/eggs "
    "rice/beans soup/salad bed/breakfast dinner/drinks drinks/dinner dinner/movie lunch/dinner "
    "steak/fries burger/fries pizza/beer chicken/rice fish/fries sound/picture cast/crew "
    "action/adventure food/drink food/wine bar/restaurant bar/kitchen restaurant/bar wine/dinner "
    "chicken/fish young/old large/small big/small hot/cold good/bad old/young rich/poor sweet/sour "
    "nice/warm good/ready nice/quiet loud/clear short/sweet sad/lonely safe/sound tried/true "
    "long/short fast/loose fast/furious dinner/dessert appetizers/desserts appetizers/entrees "
    "appetizer/dessert good/strong good/hot nice/hot nice/cozy nice/clean light/dark young/restless "
    "bold/beautiful soup/sandwich food/bar bread/wine"
)
"""Pairs that stand in one order, or that name one thing."""
