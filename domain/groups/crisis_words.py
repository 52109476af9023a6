"""The words that the crisis detector knows, as data: spellings, phrases, and enough common English to tell what it can read.

A phrase is a pattern over plain words: lower case, no marks, no apostrophes, spelling put right where it is near. Kept apart from
the code so that a clinician and people who have been there can read it and add to it.
"""

from typing import Final

NEAR: Final = (
    "suicide", "suicidal", "suicides", "overdose", "overdosed", "overdosing", "killing", "killed", "myself", "himself", "herself",
    "themselves", "hopeless", "worthless", "burden", "goodbye", "harming", "harmed", "hurting", "cutting", "hanging", "jumping",
    "living", "alive", "death", "dying", "anymore", "tablets", "insulin", "without", "disappear", "reason", "point", "tonight", "unalive",
    "unaliving", "paracetamol", "commit", "everyone", "everybody", "family", "better", "nothing", "anything", "selfharm", "selfharming",
    "selfharmed", "ending", "thinking", "thoughts", "scared", "frightened", "swallowed", "kill", "want", "hurt",
)  # fmt: skip
"""Words that a slip of the finger is put right to; short ones by one letter, long ones by two."""

SPELLED: Final[dict[str, str]] = {
    "kil": "kill", "kll": "kill", "kiil": "kill", "kiling": "killing", "dye": "die", "dies": "die", "dide": "died", "ded": "dead",
    "deid": "dead", "wanna": "want to", "wana": "want to", "wnat": "want", "wan": "want", "gonna": "going to", "gona": "going to",
    "cnt": "cant", "dnt": "do not", "wont": "will not", "wernt": "were not", "wasnt": "was not", "isnt": "is not", "arent": "are not",
    "werent": "were not", "didnt": "did not", "doesnt": "does not", "im": "i am", "ive": "i have", "id": "i would", "ill": "i will",
    "youd": "you would", "theyd": "they would", "theres": "there is", "whats": "what is", "its": "it is", "cannot": "cant",
    "nothin": "nothing", "dei": "die", "cnat": "cant", "wouldnt": "would not", "couldnt": "could not", "shouldnt": "should not",
    "havent": "have not", "hasnt": "has not", "hadnt": "had not", "aint": "is not",
    "reson": "reason", "b": "be", "u": "you", "ur": "your", "r": "are", "2": "to", "too": "to", "2nite": "tonight", "tonite": "tonight",
    "no1": "no one", "noone": "no one", "any1": "anyone", "every1": "everyone", "evryone": "everyone", "agen": "again", "hert": "hurt",
    "meself": "myself", "mesel": "myself", "meds": "tablets", "pills": "tablets", "tabs": "tablets", "pill": "tablets", "tablet": "tablets",
    "medication": "tablets", "medicine": "tablets", "medicines": "tablets", "harmin": "harming", "cuttin": "cutting", "livin": "living",
    "endin": "ending", "endit": "end it", "dont": "do not", "burdon": "burden", "goin": "going", "thinkin": "thinking", "self": "self",
}  # fmt: skip

SQUASHED: Final = (
    r"kil+m(?:y|e|i)?sel[fv]|want?(?:to|2|a)die(?!t)|wann?adie(?!t)|endmylife|enditall|can(?:no)?tgoon|wanttobedead|suicid|"
    r"betteroffdead|hangmyself|(?:hurt|cut|harm)myself|don?twanttolive|don?twanttobehere|wishiwasdead|takemylife"
)
"""What is seen when every space and sign between letters is taken away; short words are not, they stand inside others."""
SIGNS: Final = "\U0001f480\u2620\u26b0\U0001faa6\U0001f52b\U0001faa2\U0001f52a\U0001f5e1"
"""Pictures of death and of weapons: skull, bones, coffin, headstone, gun, knot, knife, dagger."""
_MY: Final = r"(?:my ?self|me|my own)"
_GAP: Final = r"(?: \w+){0,4}"
_SHORT: Final = r"(?: \w+){0,2}"
_NOT: Final = r"(?:not|never|no|cant|nothing|stop|tired of|sick of|done with|fed up with|had enough of|given up on|enough of|hate|rather not)"
_SOMEONE: Final = r"(?:i|me|he|she|they|him|her|them|you|we|us|husband|wife|son|daughter|friend|mate|partner|somebody|someone|mum|dad)"
_GONE: Final = r"(?:die|died|dead|death|dying|suicide|gone|not here|not around|not exist|not alive|over|asleep|perish)"

PHRASES: Final[dict[str, tuple[str, ...]]] = {
    "wishing to be dead": (
        (
            rf"\b(?:want|wants|wanted|wish|wishing|hope|hoping|pray|praying|like|love|rather|ready|need|going|prefer|begging|beg|let|"
            rf"just|long)"
            rf"{_GAP} (?:die|dead|dying|death|not wake|never wake|not be here|not be around|not be alive|not exist|never been born|"
            rf"disappear|vanish|"
            rf"stop existing|killed|put down|perish|be gone|over|it to end|to end|it (?:all )?to stop|out of this life|it all to)\b"
        ),
        r"\bwish\b.{0,40}\b(?:was|were|had been|am) (?:not |never )?(?:dead|gone|alive|here|born|over)\b",
        r"\b(?:wish|if only)\b.{0,50}\b(?:killed|finished|taken|took) (?:me|us)\b",
        r"\bbetter (?:of |off )?(?:dead|gone|of dead|off dead|in the ground)\b",
        r"\b(?:death|dead|dying|being dead)\b.{0,20}\b(?:relief|peace|peaceful|release|easier|answer|comfort|better|welcome)\b",
        (
            r"\b(?:think|thinking|thought|dream|dreaming|thoughts)\b.{0,20}\b(?:of|about)\b.{0,12}\b(?:death|dying|dead|suicide|"
            r"not being here)\b"
        ),
        r"\b(?:not|never) (?:wake|waking) (?:up|in)\b",
        r"\bdo not wake up\b",
        r"\bdo not want to wake\b",
        r"\bnever wake\b",
        r"\b(?:crawl|hole|bed|corner)\b.{0,15}\bdie\b",
        r"\blet me (?:die|go)\b",
        r"\bjust let (?:me )?go\b",
        r"\bshould have (?:been the one to )?die[d]?\b",
        r"\bready to (?:die|go(?: now)?$|meet my maker)\b",
        r"\bmeet my maker\b",
        r"\bready to go$",
        r"\bdead inside\b",
        r"\bi am dead already\b",
        r"\b(?:join|be with)\b.{0,25}\b(?:heaven|other side|him soon|her soon|them soon|waiting)\b",
        r"\b(?:shoot|kill) me(?: now)?\b",
        r"\bhaunt you\b",
        r"\bi would rather (?:be )?(?:die|dead)\b",
        r"\bsleep (?:forever|for ever)\b",
        r"\bdie\b.{0,12}\bwant to\b",
        r"\b(?:nobody|no one) (?:would|will|is going to) (?:even )?(?:miss|notice|care)\b",
        r"\bmake it (?:all )?stop\b",
        r"\bjoin(?:ing)? my (?:\w+ )?(?:husband|wife|mum|dad|mother|father|son|daughter|brother|sister|baby)\b.{0,10}\b(?:soon|now|tonight)\b",
        r"\bhate (?:my|this) life\b",
        r"\b(?:dark|bad|awful|scary|intrusive) thoughts\b",
        r"\bvoices\b.{0,20}\b(?:tell|told|telling|say|saying)\b",
        # In other languages that English words stand beside; whole texts in them are unread in any case.
        r"\b(?:morir|sterben|mourir|morire|morrer|umrzec|zabic|olmek|marna|khudkus?hi|atmahatya)\b",
    ),
    "not wanting to live": (
        (
            rf"\b{_NOT}{_GAP} (?:live|living|alive|be here|being here|be around|being around|exist|existing|go on|going on|carry on|"
            rf"carrying on|"
            rf"keep going|do this|take it|take this|take the pain|cope|face|bear|stand|see another|wake up|another day|another night)\b"
            rf"(?=.*\b(?:more|longer|any|it|this|live|living|alive|exist|existing|on|here|day|another|tomorrow|wake|going|future)\b)"
        ),
        (
            r"\bcant (?:go on|carry on|keep going|do this|do it any|take it|take this|take any more|face|bear|stand (?:being|it|"
            r"this)|live)\b(?! ibuprofen| grapefruit| stairs)"
        ),
        (
            r"\b(?:not|nothing|no|without|any|lost|what|why) (?:\w+ ){0,3}(?:reason|point|purpose|hope|future|"
            r"worth)\b.{0,30}\b(?:liv\w+|life|go|going|on|me|"
            r"left|here|exist\w*|carry\w*|get through|wake|night|day)\b"
        ),
        (
            r"\b(?:not|never) (?:really |even )?(?:want|wanting|wish|like|care) (?:to )?(?:live|exist|be here|be alive|be around|"
            r"see another|wake|go on|carry on|continue)\b"
        ),
        r"\blife is not worth\b",
        r"\bnot worth living\b",
        r"\bnothing (?:left )?(?:to live )?for me\b",
        r"\bto live for\b",
        r"\bno future\b",
        r"\bcant see (?:a|any|my|the)? ?(?:\w+ )?(?:future|way forward|way out|way on|point|tomorrow|myself)\b",
        r"\bno way (?:out|forward|on)\b",
        r"\bnot see (?:a|any|my|the)? ?(?:\w+ )?(?:future|way forward|way out|point|myself)\b",
        r"\bno hope\b",
        r"\blost all hope\b",
        r"\bhopeless\b",
        r"\b(?:why|how) (?:am|was|did) i (?:\w+ )?(?:still )?(?:alive|here|born|survive)\b(?! busy| waiting)",
        r"\bgiven? up(?: on)?\b(?=.*\b(?:living|life|go|hope|ready|everything)\b)",
        r"\bi give up\b",
        r"\b(?:had|have) enough of (?:life|living|everything|it all|this life|being)\b",
        r"\bhave had enough$",
        r"\bhad enough (?:now|i want|let)\b",
        r"\b(?:tired|sick|weary|exhausted) of (?:\w+ )?(?:living|life|being alive|fighting|everything|existing|being here)\b",
        r"\bi am (?:so )?done\b(?! with the (?:course|washing|dishes))",
        r"\bdone with (?:living|life|it all|everything|all of it|this world)\b",
        r"\b(?:at|reached|come to) the end(?: of (?:my|the) (?:rope|tether|road|line))?(?:$| and\b| now\b)",
        r"\bend of my (?:rope|tether|road)\b",
        r"\b(?:want|need) out\b",
        r"\bhurts to be alive\b",
        r"\bto late\b.{0,12}$",
        r"\bcant (?:help|save) me\b",
        r"\bnobody can (?:help|save|stop) me\b",
        r"\bno one can (?:help|save|stop) me\b",
        r"\b(?:being|be) alive\b",
        r"\bnot (?:be|being) (?:here|around|alive)\b(?! (?:on|until|for) (?:the )?(?:mon|tues|wednes|thurs|fri|satur|sun)day)",
        r"\bwill not be (?:here|around|needing)\b",
        r"\bnot see myself\b",
        r"\bnot exist\b",
        r"\bstop existing\b",
        r"\bworthless\b",
        r"\bnot worth it any ?more\b",
        r"^(?:i )?(?:have )?had enough$",
        r"^i am (?:so )?finished$",
        r"\bwhat is the point$",
        r"\bcant cope\b(?! with the (?:stairs|heat|hills?|mask))",
        r"\btime to go\b.{0,15}\bbye\b",
        r"\b(?:goodbye|bye) (?:world|forever|for ever)\b",
        r"\b(?:last|final) (?:post|message|words)\b(?=.*\b(?:me|my|ever|from)\b)",
    ),
    "ending one's life": (
        (
            rf"\b(?:kill|killing|killed|top|topping|off|offing|harm|drown|hang|hanging|shoot|shooting|end|ending|unalive|unaliving|"
            rf"poison|gas|finish|do|doing|drowning|poisoning|gassing|starving|neck|necking) {_MY}(?: in| off)?\b"
        ),
        r"\b(?:kill|killing|hang|hanging|shoot|shooting|harm|harming|hurt|hurting) (?:him|her|them)(?: ?sel\w+)?\b",
        r"\bsuicid\w*\b",
        r"\bcommit (?:die|toaster|sudoku)\b",
        r"\btoaster bath\b",
        r"\bsh (?:again|tonight|relapse)\b",
        r"\bgoing to jump\b(?! (?:in|on|ahead|to|straight|at)\b)",
        r"\bkms\b",
        r"\bkys\b",
        r"\bunaliv\w*\b",
        r"\bctb\b",
        r"\bs word\b",
        r"\bsewer ?slide\w*\b",
        (
            r"\b(?:end|ending|ended|finish|finishing) (?:it|it all|things|everything|my life|my own life|her life|his life|"
            r"their life|this life|me|the pain)\b(?! up| of)"
        ),
        r"\btake my (?:own )?life\b",
        r"\btaking my (?:own )?life\b",
        r"\bit (?:all )?ends (?:today|tonight|now|here|soon)\b",
        r"\bit (?:will|would) (?:all )?be over\b",
        r"\bcheck(?:ing)? out (?:for good|of this|of life)\b",
        r"\bwant to check out$",
        r"\btonight is the night\b",
        r"\bmade up my mind\b",
        r"\bdone (?:with )?living\b",
        r"\b(?:do|did|doing|done) (?:something|anything) (?:stupid|silly|daft|bad|terrible|drastic)\b",
        r"\btry(?:ing)? again\b.{0,20}\bthis time\b",
        r"\b(?:tried|try|attempt\w*) to (?:end|kill|die|hang|drown)\b",
        r"\battempted\b(?=.*\b(?:life|suicide|it)\b)",
        r"\bsay(?:s|ing)? (?:he|she|they) (?:will|would|wants? to|is going to) (?:die|kill|end)\b",
        r"\b(?:she|he|they|friend|son|daughter|wife|husband) (?:\w+ )?wants? to die\b",
        r"\bgoing to end (?:her|his|their|my)\b",
    ),
    "a way of doing it": (
        r"\boverdos\w*\b(?! it\b)",
        r"\bod(?:ed|d|ing)?\b(?! on (?:chocolate|biscuits|cake))",
        (
            r"\b(?:took|taken|take|taking|swallow\w*|had|drank) (?:\w+ ){0,3}(?:all|whole|too many|to many|lots of|handful|box|"
            r"bottle|packet|every)\b(?:.{0,25}\b(?:tablets|paracetamol|insulin|of|codeine|morphine|aspirin)\b)"
        ),
        (
            r"\b(?:all|every|many|enough|much|whole) (?:\w+ ){0,3}(?:tablets|paracetamol|insulin|codeine|morphine)\b(?=.*\b(?:once|"
            r"kill|die|hurt|finish|end|back|purpose|front|take|took|shops|bought)\b)"
        ),
        r"\bbought (?:enough|lots of|loads of|a lot of)\b.{0,15}\b(?:paracetamol|tablets|rope)\b",
        r"\b(?:too|to) many tablets\b",
        (
            r"\b(?:sav|stockpil|hoard|collect|count|stor)(?:e|es|ed|ing)(?: up)?\b.{0,15}\b(?:tablets|insulin|paracetamol|codeine|"
            r"morphine)\b"
        ),
        r"\bcount the tablets\b",
        r"\b(?:tablets|insulin|paracetamol)\b.{0,12}\bsaved\b",
        r"\binject\w* (?:all|every|the whole)\b",
        r"\b(?:hurt|harm|smother|shake|kill) (?:my|the) (?:\w+ )?(?:baby|child|children|kids|son|daughter|mum|mother|dad|husband|wife)\b",
        r"\bthink\w* (?:of|about) the (?:bridge|cliff|roof|rope|train|river|tablets)\b",
        r"\bi am (?:on|at) the (?:roof|ledge|edge|bridge|cliff)\b",
        r"\b(?:lethal|fatal) (?:dose|amount|level)\b",
        r"\b(?:tablets|insulin)\b.{0,20}\b(?:lined up|in front of me|ready|on purpose)\b",
        r"\bgot the tablets\b",
        r"\bhave got a plan\b",
        r"\bgot a plan\b",
        (
            r"\b(?:insulin|tablets|dialysis|treat\w*|transfusion|oxygen|feeding|eating)\b.{0,30}\b(?:kill me|end it|to die|"
            r"it to be over|takes me|take me|let (?:me )?go|until i go|finish me|happen)\b"
        ),
        (
            r"\b(?:stop|stopped|not taking|refus\w+|skip\w*|not treat|will not treat|decided not to)\b.{0,40}\b(?:kill|die|over|"
            r"takes me|until i go|let go|let it|just let|hypo)\b"
        ),
        r"\bhypo\b.{0,25}\b(?:not treat|let go|let it)\b",
        r"\b(?:let it happen|not call the ambulance|do not send anyone|nobody can stop me)\b",
        r"\b(?:painless|easy|easiest|quick|quickest|surest|best) (?:way|method)(?:s)? (?:to|of) (?:go|end|die|it|do)\b",
        r"\blooked up how\b",
        r"\b(?:googled|searched|read)\b.{0,15}\bhow (?:to|many|much)\b",
        (
            r"\b(?:on|off|from|over) (?:the |a )?(?:bridge|cliff|roof|ledge|platform|balcony|car park roof|"
            r"multi ?storey)\b(?=.*\b(?:now|jump\w*|step|standing|train|quick|thinking|thought)\b)"
        ),
        r"\bstanding on the (?:bridge|edge|ledge|platform|roof)\b",
        r"\bcliff(?: path)?\b.{0,30}\b(?:quick|easy|over|jump)\b",
        r"\bin front of (?:the|a|an) (?:train|bus|lorry|car|tube|hgv)\b",
        r"\b(?:jump|jumping|jumped|throw|step|walk)\b.{0,15}\b(?:off|in front|under|into the (?:sea|river|road|traffic))\b",
        r"\bthink\w* of jumping\b",
        r"\bunder a (?:bus|train)\b",
        r"\bdriv(?:e|ing) (?:\w+ )?(?:into|off|at) (?:a|the) (?:wall|tree|bridge|cliff|lorry)\b",
        r"\brope\b(?! and ladder)",
        r"\bnoose\b",
        r"\bligature\b",
        r"\bgas oven\b",
        r"\b(?:gun|shotgun|razor|blade|knife)\b(?=.*\b(?:looking|keep|use|myself|himself|herself|my|if i had)\b)",
        r"\bbag over my head\b",
        r"\b(?:drank|drink|swallow\w*) (?:the |some )?(?:bleach|antifreeze|batteries|battery|acid|weedkiller)\b",
        r"\bdrink until\b",
        r"\b(?:cut|slit|slash)\w* (?:my )?(?:wrists?|throat|veins?)\b",
    ),
    "hurting oneself": (
        r"\bself ?harm\w*\b",
        r"\bharm\w* (?:my ?self|again)\b",
        (
            r"\b(?:hurt|hurting|cut|cutting|burn|burned|burnt|burning|scratch|scratching|hit|hitting|punish|punishing|starve|"
            r"starving|hate) my ?self\b"
        ),
        r"\b(?:cut|cutting)\b.{0,10}\b(?:again|my (?:arms?|legs?|wrists?|thighs?))\b",
        r"\bon purpose\b",
        r"\bscratch\b.{0,15}\bbleed\b",
        r"\bto feel something\b",
        r"\bhead against\b",
        r"\bpunish\b",
    ),
    "being a burden, or gone": (
        r"\bburden\b",
        (
            r"\b(?:better|happier|easier|fine|relieved|free)\b.{0,30}\b(?:without me|if i (?:was|were|am|just|had)|when i am gone|"
            r"once i am gone)\b"
        ),
        r"\bwithout me\b",
        r"\b(?:no one|nobody|who|anyone|anybody|none of you|they)\b.{0,25}\b(?:miss me|notice|care)\b(?=.*\b(?:i|me|gone)\b)",
        r"\bif i (?:was|were|am) (?:gone|dead|not (?:here|around))\b",
        r"\b(?:when|after|once|now|if) i am (?:gone|dead)\b",
        r"\bif i (?:died|disappeared|vanished)\b",
        r"\bi will be gone\b",
        r"\bslip(?:ped)? away\b",
        r"\bworld does not need me\b",
        r"\bwhere i am going\b",
        r"\bwhen they find (?:me|my body)\b",
        r"\bdo not need me\b",
        r"\bdisappear for\b",
        r"\bnever come back\b",
    ),
    "saying goodbye": (
        r"\b(?:goodbye|good bye|farewell)\b(?! (?:to (?:crisps|sugar|salt|biscuits|bread|smoking|fags|chips|chocolate)|for now))",
        r"\blast post\b",
        r"\bmy last (?:message|words|day|night|goodbye|post)\b",
        r"\bwill not hear from me\b",
        r"\bgoodbye (?:letters?|notes?)\b",
        r"\bwritten (?:a )?(?:note|letters?)\b",
        r"\bby the time you (?:read|see)\b",
        r"\b(?:giving|given|give) away my\b",
        r"\bsorted (?:out )?my (?:will|affairs|funeral)\b",
        (
            r"\btell my (?:\w+ )?(?:daughter|son|wife|husband|mum|dad|kids|children|family|girls|boys|partner)\b.{0,15}\b(?:love|"
            r"sorry)\b"
        ),
        r"\bsorry to (?:everyone|everybody|all)\b",
        r"\bforgive me\b",
        r"\blook after (?:the|my) (?:dog|cat|kids|children|girls|boys)\b",
        r"\bphone off\b",
    ),
    "not being safe": (
        r"\bnot (?:\w+ ){0,2}safe\b",
        r"\bcant keep (?:myself|me) safe\b",
        r"\bunsafe\b",
        r"\bnot trust myself\b",
        r"\b(?:scared|frightened|afraid|worried) (?:of|about) (?:what i|myself)\b",
        r"\bfrighten myself\b",
        r"\bif i am left alone\b",
        r"\bhe (?:\w+ ){0,3}kill me\b",
        r"\bshe (?:\w+ ){0,3}kill me\b",
        r"\bthey (?:\w+ ){0,3}kill me\b",
        r"\bwould kill me if\b",
        r"\b(?:hits|hurts|beats|strangles|strangled|rapes|raped|chokes|threatens) me\b(?! when)",
        r"\bwant to kill\b",
        r"\bgoing to kill\b",
        r"\bwill kill (?:him|her|them|you)\b",
        r"\blet it (?:kill|take) me\b",
        r"\bhurt (?:him|her|them|somebody|someone)\b",
    ),
    "words of crisis in another language": (
        r"\beisiau marw\b",
        r"\bisio marw\b",
        r"\bmoyn marw\b",
        r"\blladd (?:fy|ei) hun\w*\b",
        r"\bhunanladdiad\b",
        r"\bddim mynd ymlaen\b",
        r"\bddim eisiau byw\b",
        r"\bumrzec\b",
        r"\bnie chce (?:juz )?zyc\b",
        r"\bzabij\w* sie\b",
        r"\bsamoboj\w*\b",
        r"\bpo co zyc\b",
        r"\bskonczyc ze soba\b",
        r"\bmorir\b",
        r"\bno quiero vivir\b",
        r"\bsuicidi\w*\b",
        r"\bmatarme\b",
        r"\bmourir\b",
        r"\bme tuer\b",
        r"\bplus vivre\b",
        r"\bnicht mehr leben\b",
        r"\bsterben\b",
        r"\bumbringen\b",
        r"\bmarna chah\w*\b",
        r"\bjeena nahi\w*\b",
        r"\bkhud ?kushi\b",
        r"\bkhudkhushi\b",
        r"\batmahatya\b",
        r"مرنا",
        r"جینا نہیں",
        r"خودکشی",
        r"انتحار",
        r"أموت",
        r"মরতে",
        r"বাঁচতে",
        r"আত্মহত্যা",
        r"ਮਰਨਾ",
        r"ਖੁਦਕੁਸ਼ੀ",
        r"मरना",
        r"मर्न",
        r"आत्महत्या",
        r"умереть",
        r"суицид",
        r"не хочу жить",
        r"\bsa mor\b",
        r"\bmorrer\b",
        r"\bmorire\b",
    ),
}  # fmt: skip
"""What each group of phrases may mean -> its patterns. A moderator reads the name of the group beside the post."""

COMMON: Final = frozenset({
    "a", "about", "advice", "after", "again", "all", "also", "always", "am", "an", "and", "ankles", "anxious", "any", "anybody",
    "anyone", "app", "appointment", "appreciated", "are", "arm", "arms", "around", "as", "asked", "asthma", "at", "away", "back",
    "bad", "be", "because", "bed", "been", "before", "best", "better", "bit", "blood", "breath", "breathe", "breathing", "bring",
    "busy", "but", "by", "call", "came", "can", "cant", "card", "cat", "check", "chest", "clinic", "cold", "come", "coming",
    "copd", "cough", "could", "course", "cut", "daily", "daughter", "day", "days", "diabetes", "diary", "did", "diet",
    "different", "do", "doctor", "does", "dog", "done", "down", "drink", "each", "ear", "easier", "eat", "eight", "else", "end",
    "enough", "even", "ever", "every", "everyone", "exercise", "eye", "eyes", "feel", "feeling", "feels", "feet", "felt", "few",
    "find", "first", "five", "flow", "fluid", "food", "foot", "for", "found", "four", "free", "friday", "friend", "from", "full",
    "garden", "gardening", "gave", "get", "gets", "getting", "give", "given", "giving", "glad", "go", "goes", "going", "gone",
    "good", "goodbye", "got", "great", "group", "had", "half", "hand", "hands", "happy", "hard", "has", "hate", "have", "having",
    "he", "head", "heart", "hello", "help", "helped", "helps", "her", "here", "hi", "him", "his", "holiday", "home", "hope",
    "hospital", "hot", "hour", "how", "husband", "i", "ideas", "if", "in", "infection", "inhaler", "insulin", "is", "it", "its",
    "join", "just", "keep", "kept", "ketones", "kidney", "kidneys", "kind", "knee", "knees", "know", "last", "late", "leave",
    "left", "leg", "legs", "let", "letter", "levels", "life", "like", "link", "little", "live", "long", "look", "looking", "lot",
    "love", "low", "lunch", "lungs", "machine", "made", "make", "making", "many", "mask", "may", "me", "meet", "meeting", "met",
    "meter", "might", "miles", "mine", "monday", "month", "more", "morning", "most", "much", "mum", "my", "need", "never", "new",
    "news", "next", "nice", "night", "no", "nobody", "none", "not", "nothing", "now", "numbers", "nurse", "of", "off", "often",
    "oh", "ok", "old", "on", "once", "one", "only", "or", "other", "our", "out", "over", "oxygen", "pain", "part", "peak",
    "people", "perhaps", "place", "please", "points", "pressure", "put", "question", "quite", "rang", "rather", "read", "reading",
    "readings", "ready", "really", "recipe", "rehab", "rest", "results", "right", "ring", "road", "said", "salt", "same",
    "saturday", "saw", "say", "scales", "see", "seems", "seen", "seizure", "self", "sent", "several", "she", "shop", "short",
    "should", "shower", "since", "sit", "skin", "sleep", "slow", "small", "smoke", "smoking", "so", "some", "somebody", "someone",
    "something", "sometimes", "somewhere", "son", "soon", "sorry", "stairs", "started", "steps", "steroids", "stick", "still",
    "stomach", "stop", "stopped", "stress", "such", "sugar", "summer", "sunday", "sure", "swimming", "tablets", "take", "taken",
    "takes", "tea", "tell", "ten", "test", "than", "thank", "thanks", "that", "the", "their", "them", "then", "there", "these",
    "they", "thing", "things", "think", "this", "those", "though", "three", "through", "thursday", "till", "time", "tips",
    "tired", "to", "today", "told", "tomorrow", "tonight", "too", "took", "tooth", "travel", "try", "trying", "tuesday", "tummy",
    "twice", "two", "under", "until", "up", "us", "use", "used", "using", "usual", "very", "walk", "want", "warm", "was", "water",
    "way", "we", "wednesday", "week", "weeks", "weight", "welcome", "well", "went", "were", "what", "when", "where", "which",
    "while", "who", "whole", "why", "wife", "will", "winter", "wish", "with", "without", "woke", "work", "world", "worse",
    "worth", "would", "year", "years", "yes", "yesterday", "yet", "you", "your",
})  # fmt: skip
"""Common English, so that what is written in another language is known to be unread."""
