"""The English that this stage knows: words by part of speech, stop words, and words of the world of music.

Small on purpose and written by hand, because NLTK's own word lists and taggers are downloads. It holds the closed
classes (articles, pronouns, prepositions ...) nearly in full, and of the open ones the verbs and adjectives that music
writing uses most; `jobs.culture.tagger` guesses the rest from endings and capitals.
"""

DETERMINERS = """
    a an the this that these those each every either neither some any no all both half such another
"""
PREPOSITIONS = """
    about above across after against along alongside amid among around as at before behind below beneath beside
    besides between beyond by despite down during except for from if in inside into like near of off on onto out
    outside over past per since than though although through throughout till to toward towards under unless unlike
    until up upon via while with within without because whereas whether
"""
CONJUNCTIONS = """
    and but or nor yet so plus versus vs
"""
PRONOUNS = """
    i you he she it we they me him her us them my your his its our their mine yours hers ours theirs myself yourself
    himself herself itself ourselves themselves who whom whose which what whoever one ones someone somebody
    something anyone anybody anything everyone everybody everything nobody nothing none other others there here
"""
MODALS = """
    can could may might must shall should will would cannot can't couldn't won't wouldn't shouldn't
"""
AUXILIARIES = """
    be am is are was were been being have has had having do does did doing done isn't aren't wasn't weren't haven't
    hasn't hadn't don't doesn't didn't it's he's she's that's there's i'm you're we're they're i've you've we've
    they've i'd i'll let's
"""
ADVERBS = """
    again ago ahead almost already also always altogether anyway apart aside away back else enough even ever far
    forever forward further hence how however instead just later least less maybe meanwhile more moreover most much
    namely never nevertheless nonetheless not now nowhere often once only otherwise perhaps quite rather really
    seldom sometimes somewhat somewhere soon still then therefore thus today together tomorrow tonight too twice
    very well when whenever where wherever why yesterday yes no okay
"""
NUMBERS = """
    zero two three four five six seven eight nine ten eleven twelve dozen hundred thousand million billion first
    second third fourth fifth sixth seventh eighth ninth tenth
"""
CALENDAR = """
    monday tuesday wednesday thursday friday saturday sunday january february march april june july august september
    october november december
"""
VERBS = """
    add added announce announced appear appeared appears arrive arrived arrives ask asked asks became become becomes
    began begin begins begun believe believed brought build builds built bring brings call called calls came cancel
    collaborated come comes consists contain contained contains continue continued continues covered create created
    creates debuted decide decided delivers describe described describes died drew draw draws earn earned enjoyed
    enter entered explain explained explains featured feel feels felt find finds follow followed follows form formed
    found founded gave get gets getting give given gives go goes going gone got grew grow grows happen happened hear
    heard hears held help helped helps hit hold holds include included includes including joined join joins keep
    keeps kept knew know known knows landed lead leads leave leaves led left let lets listen listened lived lives
    made make makes making mean means meet meets met moved need needs opened opens peaked perform performed performs
    picked played plays praised prefer produced produces put puts ran reached reaches read received recorded
    rehearsed released remain remained remains reminds replaced returned returns runs said sang saw say says see
    seem seemed seems seen sell sells sent set sets share shares show showed sign signed sing sings sit sits sold
    spent spoke stand stands start started starts stay stayed stays stood stop stopped sung take taken takes taking
    talk talked talks tell tells think thinks thought told took toured tours tried tries try turn turned turns use
    used uses want wanted wants went won worked wrote write writes written
"""
ADJECTIVES = """
    able acoustic aggressive alternative ambient angry authentic bad baroque beautiful best better big bitter black
    bleak blue bluesy bold brief bright brilliant broad brutal calm catchy celebrated cheap cheerful chief clean
    clear clever cold commercial complete complex contemporary cool current dark dead dear deep delicate dense
    different difficult dirty distant double downtempo dramatic dreamy drunk dry dull dusty eager early earnest easy
    eclectic electric electronic elegant emotional empty energetic entire epic epochal ethereal exotic experimental
    extreme faint fair famous fast fat favorite favourite fierce final fine finest firm fit flat folk fragile free
    frequent fresh full fun funky funny fuzzy gentle ghostly glad glossy golden good gorgeous grand gray great
    greatest grey grim gritty hard harsh haunted haunting heavy hidden high higher hip hollow honest hot huge hungry
    hypnotic icy important independent influential innocent instrumental intense intimate intricate jagged jazzy
    joyful joyous keen key kind large last late latest lazy legendary light likely little live lo-fi local lonely
    long loose loud low low-key lush mad main major massive masterful mean mellow melodic memorable mere metallic
    mid-tempo mighty minimal minor modern moody muscular mystic naked narrow nasty native neat nervous new next nice
    noisy nostalgic obscure odd old older only open orchestral ordinary original own pale percussive perfect plain
    playful poor popular pretty previous prolific prominent proud psychedelic pure quick quiet rare raspy raucous
    raw ready real recent red regular relentless restless rich right romantic rough round rude rural sad same scary
    seminal sensual serious shaky sharp sheer short shy signature silent silky similar simple sincere single sleek
    slick slow small smart smoky smooth soaring sober soft solid solo sombre sonic soulful sour sparse special spiky
    stark steady sterile stiff still strange strict strong sublime sudden sunny sure surreal sweeping sweet swift
    symphonic tall taut tender thick thin tight tiny top tough traditional tribal tropical true ugly unique unlikely
    upbeat uplifting urban urgent usual vague various vast versatile vibrant vintage violent visceral vivid vocal
    warm weak weary weird wet white whole wide wild wise wistful witty wonderful wrong young younger youthful
"""
NATIONALITIES = """
    African American Argentinian Asian Australian Austrian Belgian Brazilian British Canadian Celtic Chilean Chinese
    Colombian Cuban Czech Danish Dutch English European Finnish French German Greek Hungarian Icelandic Indian Irish
    Israeli Italian Jamaican Japanese Jewish Korean Latin Mexican Nigerian Nordic Norwegian Polish Portuguese
    Russian Scandinavian Scottish Senegalese Serbian Southern Northern Eastern Western Spanish Swedish Swiss Turkish
    Ukrainian Welsh
"""
# Nouns that their ending would make another part of speech, and verbs that music writing uses as nouns.
NOUNS = """
    album being building ceiling evening feeling king morning opening painting recording ring setting singing song
    songwriting spring string thing wedding wing writing bed feed need red seed shed speed weed animal arsenal
    capital carnival chemical festival finale funeral hospital journal manual material metal musical original portal
    rental revival rival ritual signal terminal total trial cable fable table vegetable bible ensemble music comic
    critic epic fabric logic magic mechanic panic public republic topic traffic archive detective motive native
    objective olive perspective relative belly family jelly lily rally reply supply melody body story history city
    party baby lady harmony symphony energy memory library industry country century beauty record records release
    releases cover sounds feature features work works shows play rock pop accompaniment talent moment movement
    instrument instruments element statement arrangement entertainment event component student president parent
    accent extent content comment document argument environment government department experiment treatment
    achievement commitment agreement development equipment fragment restaurant immigrant giant elephant soul vocal
    vocals
"""

# Nouns of everyday English that bands and songs are named after; with the words above: names that are words.
EVERYDAY_NOUNS = """
    air america animal animals angel angels apple arcade army asia band beach bear bears bee bees bell birds bird
    blood blur boat bomb bone bones books box boxer boy boys bread bride bridge bush cake camera candy car cars cat
    cats chair change chicago chicken child children church circle city clash cloud clouds company cream crime
    culture cure daughter dawn day days deer desert devil diamond dinosaur dog dogs door doors dream dreams drive
    drums dust eagle eagles earth echo elbow embrace europe evil eye eyes faces faith fall family feeder field
    fields filter fire fish flag flame flower flowers fluke foals focus foreigner forest fox free friends fuel fun
    future game garbage garden gate genesis ghost ghosts giant girl girls glass god gold guitar hair hand hands head
    heart hearts heat heaven hello hell helmet hero heroes hole home honey hope horse horses hot hour house human
    hurricane ice idol idles illusion image island jam jet journey joy juice jungle justice killer killers kid kids
    king kingdom kings kiss knife lamb land leaves life light lights lion liars live lord lorde love machine
    magazine man maps mask master men midnight might milk mind mirror mirrors money monster moon morning mother
    mountain mouth movement muse name nature night nights noise north ocean oasis orange orbital orchestra orphanage
    parade paradise parliament party passenger pavement people phantom phoenix pieces pig pilot place plan planet
    poison police porn portrait power prince prodigy prophet pulp queen queens radio rain rainbow rancid rush reason
    red ride riot rise river road rock room roots rose roses ruby sade sand savage school scorpion scorpions sea
    seal shadow shadows ship sister sky slave sleep slint smoke snow soldier son soul sound south space spiders
    spirit spoon squeeze star stars state sting stone stones storm stranglers street streets style suede sugar
    suicide summer sun swans television temple thing things thunder tiger time tool touch toto town toys train trap
    travis tree trees tribe trouble trust truth tube underworld universe vaccines verve view village voice wall war
    warrior warpaint water wave waves way weather west whale wheel wilderness wind window wings winter wire wolf
    wolves woman women wonder wood words world x year years yellow yes youth zombies intro outro interlude untitled
    forever again tonight goodbye
"""

# Where one of these stands, music is spoken of.
MUSIC = """
    acoustic album albums band bands bassist beats chart charts chorus concert concerts debut demo discography dj
    drummer duo ensemble ep feat featuring festival frontman frontwoman genre gig gigs group guitarist guitars
    headline headlined headliner hit hits indie jazz keyboardist label live lp lyrics melodies melody mixtape music
    musical musician musicians orchestra performed playlist pop producer punk quartet quintet rap rapper record
    recorded recording records release released releases remix riff riffs rock sang setlist singer singer-songwriter
    singers single singles song songs songwriter songwriting soundtrack studio synth synths tour toured touring
    track tracks trio tune tunes verse vinyl vocalist vocals
"""

# Styles of music, and the words that tell one from another.
STYLES = """
    acid acoustic afro afrobeat alternative ambient americana appalachian arena avant-garde baroque bass beat bebop
    big-beat black bluegrass blues bop bossa boogie boogie-woogie breakbeat britpop bubblegum cajun celtic chamber
    chanson chillout choral christian classical comedy cool country cowboy crooner crunk dance death delta disco
    dixieland doo-wop doom downtempo dream drone drum dub dubstep easy ebm electro electroclash electronic
    electronica emo eurodance euro exotica experimental fado flamenco folk free freestyle funk fusion gabber gangsta
    garage glam glitch gospel goth gothic grime grindcore grunge happy hard hardcore hardstyle heavy hi-nrg
    hillbilly hip hip-hop honky honky-tonk hop house idm indie industrial italo jangle jazz jungle klezmer krautrock
    latin listening lo-fi lounge mariachi math melodic metal minimal motown new-age new-wave noise northern nova nu
    nu-metal old-time opera orchestral outlaw polka pop post-punk post-rock power progressive psychedelic punk r&b
    r'n'b ragtime rap rave reggae reggaeton rhythm rock rockabilly romantic roots salsa samba screamo shoegaze
    singer-songwriter ska skiffle slowcore sludge smooth soft soul soundtrack southern speed spiritual spoken stoner
    surf swing symphonic synth synth-pop synthpop tango techno teen tejano thrash traditional trance trap tribal
    trip-hop tropical urban vocal wave western world worship zydeco
"""

# What articles use whatever they are about; never terms.
GENERIC = """
    lot lots thing things bit kind sort way ways time times year years month months week weeks day days people man
    men woman women guy guys part parts number end use back make made including together says said according click
    read share photo image video page site website www http https com org html comment comments subscribe newsletter
    cookie cookies advertisement email facebook twitter instagram youtube article review reviews interview
    interviews news new old last next own same various several many few much etc mr mrs dr ii iii vol
"""


def _words(*texts: str) -> frozenset[str]:
    return frozenset(" ".join(texts).split())


MUSIC_WORDS = _words(MUSIC)
GENRES = _words(STYLES)

STOP_WORDS = _words(
    DETERMINERS, PREPOSITIONS, CONJUNCTIONS, PRONOUNS, MODALS, AUXILIARIES, ADVERBS, NUMBERS, CALENDAR, GENERIC
)

# What makes a name a common word, as far as it is known without having seen the articles.
COMMON_WORDS = STOP_WORDS | _words(VERBS, ADJECTIVES, NOUNS, EVERYDAY_NOUNS, NATIONALITIES.lower())

# Penn Treebank tags; where a word is in several classes, the later one counts.
_BY_TAG = (
    ("NN", NOUNS),
    ("JJ", ADJECTIVES + NATIONALITIES + NATIONALITIES.lower()),
    ("VB", VERBS),
    ("CD", NUMBERS),
    ("NNP", CALENDAR),
    ("RB", ADVERBS),
    ("IN", PREPOSITIONS),
    ("CC", CONJUNCTIONS),
    ("PRP", PRONOUNS),
    ("MD", MODALS),
    ("VB", AUXILIARIES),
    ("DT", DETERMINERS),
)
TAGS = {word: tag for tag, words in _BY_TAG for word in words.split()}
