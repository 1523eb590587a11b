"""The English that tells a name from a word: what stands beside names of musicians and of their works, words that name
something else with a capital, and words and phrases of everyday English.

Written by hand for this project. `jobs.culture.commonness` adds what the articles themselves show.
"""

from jobs.culture.lexicon import COMMON_WORDS


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What joins the words of a name; it has no capital of its own.
SMALL_WORDS = _words("a an and at by de for from in la n of on or the to with & +")

# What a musician or a group is: "the duo Air", "Atlanta rapper Future", "Low, the Duluth trio".
ROLES = _words("""
    act acts artist artists band bandmate bands bassist boyband brothers choir chorus collective combo composer crew
    crooner diva dj drummer duo emcee ensemble four-piece foursome frontman frontwoman girlband group groups
    guitarist harpist headliner headliners hitmaker idols keyboardist legend legends lyricist mc megastar
    multi-instrumentalist musician musicians orchestra organist outfit percussionist pianist pioneers producer
    producers project punks quartet quintet rapper rappers rockers saxophonist septet sextet singer
    singer-songwriter singers soloist songstress songwriter star stars supergroup supergroups superstar three-piece
    threesome trio troubadour trumpeter veterans violinist vocalist
""")

# What a work is: "the single Creep", "Hello, a ballad"; and what is said to be by somebody: "Air's new album".
TRACK_ROLES = _words("""
    anthem b-side ballad chorus closer cover covers cut cuts demo encore hit hits hymn jam lullaby number opener
    remix riff single singles song songs track tracks tune tunes video
""")
ALBUM_ROLES = _words(
    "album albums compilation debut ep follow-up lp masterpiece mixtape record records release reissue"
)
WORKS = (
    TRACK_ROLES
    | ALBUM_ROLES
    | _words("""
    back-catalogue catalogue comeback concert concerts discography drummer fans frontman gig gigs guitarist lead
    lyrics music set setlist show shows singer sound tour tours vocals
""")
)

# What somebody plays, or is to a group: "the singer of Phoenix", "his bass in Tool", "the rest of Yes", "fans of Air".
PARTS = (
    ROLES
    | WORKS
    | _words("""
    admirer amp amplifier bass bassists bassline cello chords covers cymbal drum drummers drumming drums fan fiddle
    flute flutes founder founders guitar guitarists guitars half harmonica harmonies harp horns keyboard keyboards
    leader line-up lyricist manager mellotron member members organ percussion piano players quarter refrain rest
    rhythm riffs roadie saxophone section singing solo solos strings synth synths third trumpet vibraphone viola
    violin voice voices
""")
)

JOINING = _words("by for from in of to with")

# "said Yes": what is said is no name.
SAYING = _words("answer answered answers cry cried say saying says said shout shouted whisper whispered")

# Before the name of a work: "they played Creep", "she opened with Hello".
PERFORMING = _words("""
    called calls cover covered covering covers hear heard hearing made named perform performed performing performs
    play played playing plays record recorded recording released sample sampled samples sang sing singing sings
    streamed sung titled write writes written wrote
""")

# What only musicians do: "Prince played", "Low have recorded".
ACTING = _words("""
    collaborated cover covered covers debuted encored harmonise headline headlined headlines perform performed
    performs play played playing plays rap rapped raps record recorded records reformed rehearsed release released
    releases rerecorded reunited sang sing singing sings sound sounded sounds tour toured tours write writes wrote
""")

# What anybody does; the plural tells a group where its name is a singular: "Air have", "Can were".
PLURAL_VERBS = _words("""
    are aren't come cover do don't give go have haven't headline keep look make need perform play record refuse
    release seem sing sound take tour want were weren't write
""")
VERBS = (
    ACTING
    | PLURAL_VERBS
    | _words("""
    always announce announced announces appeared arrived asked became began begin begins bring brings broke brought
    called came can't cancelled changed climbed closed closes could couldn't decided did didn't does doesn't dropped
    ended evolved featured felt filled finished formed found gave gets got grew had hadn't has hasn't is isn't
    joined kept knew leaves left lost loved made makes may met mixed moved must never once opened opens proved put
    quit ran remain remained remains return returned returns rose sat saw say says seemed sells shaped showed signed
    slowed spent split spoke started starts stayed stays still stood stopped takes teamed thanked threw took tried
    tries turned walked wanted wants was wasn't went will won worked would
""")
)

SUBJECTS = _words("he i it she they we who you")
DETERMINERS = _words("""
    a an another any dozen each every few five four her his its many my no our several six some ten the their these
    this those three two your
""")

# "by Air", "with Muse": where a name can follow, and a common noun without its article seldom does.
LINKS = _words("""
    about after against alongside and as before besides by featuring for from if into joined left like meant nobody
    of on or over plus since than that versus via when where whether while with without
""")
# Where a place follows as well.
WHERE = _words("across around at from in inside near of outside over through throughout to toward towards via")

# Names of places and people: a capital there does not tell the musician from them.
PLACES = _words("""
    africa alabama alaska america amsterdam argentina arizona asia athens atlanta auckland austin australia austria
    bahrain baltimore bangkok barcelona beijing belfast belgium berlin birmingham bolivia boston brazil brighton
    bristol britain brooklyn brussels bucharest budapest cairo calgary california cambridge canada cardiff carolina
    chicago chile china cleveland cologne colombia colorado copenhagen cuba dakota dallas delhi denmark denver
    detroit dublin edinburgh egypt england ethiopia europe finland florence florida france geneva georgia germany
    glasgow greece hamburg harlem havana hawaii helsinki hollywood houston hungary iceland illinois india indiana
    iran iraq ireland israel istanbul italy jamaica japan jerusalem jordan kansas kentucky kenya korea kyoto leeds
    lisbon liverpool london louisiana madrid malaysia mali manchester manhattan marseille memphis mexico miami milan
    minneapolis minnesota missouri montana montreal moscow mumbai munich naples nashville nebraska nevada newcastle
    nigeria norway ohio oklahoma oregon oslo oxford pakistan palestine paris peru philadelphia phoenix poland
    portland portugal prague quebec reno rome russia sacramento scotland seattle senegal seoul serbia shanghai
    sheffield siberia singapore spain stockholm sweden switzerland sydney syria tennessee texas thailand tokyo
    toronto tunisia turkey ukraine utah vancouver vegas venice vermont vienna vietnam virginia wales warsaw
    washington wisconsin york zurich
""")
GIVEN_NAMES = _words("""
    aaron abigail adam alan albert alex alexander alice alison amanda amy andrea andrew angela angie anna anne
    anthony antonio arthur barbara ben benjamin betty bill billie billy bob bobby brad brandy brenda brian bruce
    bryan carl carlos carol caroline catherine charles charlie charlotte chris christina christine claire claude
    daniel daphne dave david dean debbie denise dennis diana diane donald donna doris dorothy doug drake duncan
    eddie edward eleanor elena elizabeth ella ellen elliott emily emma eric erica eva eve felix fiona francis frank
    fred gabriel gary george gerald gloria gordon grace grant greg harold harry heather helen henry holly howard ian
    irene iris isaac isabel ivan jack jackie jackson jacob jake james jamie jane janet jason jay jean jeff jennifer
    jenny jeremy jerry jesse jessica jessie jill jim jimmy joan joe joel john johnny jolene jonathan joseph josh
    joyce juan judy julia julian julie june justin karen karl kate katie keith kelly ken kenneth kevin kim larry
    laura lauren lee leo leon leonard lewis lily linda lisa liz lola lou louis louise lucas lucy luke marcus
    margaret maria marie mark marlene martha martin mary matt matthew max megan melissa michael michelle miguel mike
    miles molly monica morgan nancy natalie nathan neil nelson nicholas nick nicole nina noah nora oliver olivia
    oscar otis owen pamela patricia patrick paul paula pedro peggy penny peter phil philip phoebe rachel ralph ray
    rebecca rhonda richard rick rita robert robin roger ronald rosa rosalie rose rosie roxanne roy russell ruth ryan
    sally sam samantha samuel sandra sara sarah scott sean sharon sheila shirley simon sophia sophie stella
    stephanie stephen steve steven stuart sue susan suzanne sylvia ted teresa terry theresa thomas tim timothy tina
    todd tom tommy tony tracy travis tyler valerie vanessa vera vernon veronica victor victoria vincent virginia
    walter wayne wendy william willie
""")
FAMILY_NAMES = _words("""
    adams allen anderson bailey baker barnes beck bell bennett brooks brown bush butler campbell carter clark
    collins cook cooper cox cruz davis diaz edwards evans fisher flores ford foster garcia gibson gomez gonzalez
    graham gray green hall hamilton harris hayes hernandez hill hughes hunt johnson jones keane kelly kennedy king
    lewis long lopez marshall martinez mason mills mitchell moore morris murphy murray myers ortiz palmer parker
    patterson perez perry peterson phillips porter powell price ramirez reed reynolds richardson rivera roberts
    robinson rodriguez rogers ross sanchez sanders seal shaw simmons simpson smith spencer stevens stewart stone
    sullivan swift taylor thompson torres turner walker wallace ward warren watson webb wells west white williams
    wilson wood woods wright young
""")
PROPER = PLACES | GIVEN_NAMES | FAMILY_NAMES

# Words of everyday English beyond `jobs.culture.lexicon`, most of them nouns and verbs that names are made of.
EVERYDAY = COMMON_WORDS | _words("""
    ability access accident account acid act action active activity actor advance advantage advice affair afternoon
    age agency agent agreement aid alarm album alien alive alley alone alphabet altar amateur amazing amber ambition
    amount analyst anchor angel anger ankle answer ant anthem antidote antidotes anxiety apartment appeal appetite
    approach area argument arm arms arrow arrows art article artist ash ashes aspect aspirin assault asset
    association atlas atom attack attempt attention attic attitude attorney auction audience audition aunt aurora
    author authority autumn avalanche avenue average award awareness axe axis bachelor background badge bag baker
    balance ball ballad balloon bandit bank banner bar bark barn baron barrel barrier base baseball basement basis
    basket basketball bass bat bath battery battle battles bay bayou bead beak beam bean beard beast beat beats
    beauty beaver bedroom beer beetle beggar behaviour being belief believe believer bench benefit berry bicycle
    bike bikini billion binge biography birth birthday bishop bite blade blame blanket blaze bless blind blink
    blister block blonde blossom blow board boil bolt bond bonfire boot boots border bore boss bottle bottom bought
    bounce bow bowl boxers brain brains branch brand brass brave breach break breakfast breakthrough breath breathe
    breeder breeders breeze brick bricks brief brilliance bristle broadcast broken bronze broom brother brothers
    brown bubble bucket budget bull bullet bullets bunny burden burn burning bus business butcher butter butterfly
    button buy buzz cab cabin cable cactus cadillac cage calendar call campaign candle candles cannon canoe canyon
    capability cape capsule captain caravan carbon card cardigan cards care career careless caress caribou carnival
    carol carpet carriage carry case cash casino cast castle catch category cathedral cattle caught cause cavalry
    cave ceiling celebration cell cellar cement centre century ceremony certain chain chains chairman chalk
    challenge challenger chameleon champagne champion chance changes channel chaos chapel chapter charm charmer
    chart chase cheat check cheek cheer cheese cheetah chemistry cherry chess chest chief childhood chimney china
    choice choir choke chord chosen chrome cider cigarette cinema circus citizen civil civilian claim class classic
    clay client clinic clock closed closer cloth clothes clothing clown club clue coach coal coast coat cobra cobweb
    coffee coffin coin collapse collar colleague collection college colour colours combination comeback comedy comet
    comfort comfortable commission committee common companion complaint component computer concept concern concert
    concrete condition conduct conference confession confetti confidence conflict connection consequence consumer
    contact contest contract contrast control conversation convoy cookie copper copy coral core cork corn corner
    correct cost cottage cotton couch count counting course court cousin cowboy cowboys crack cradle craft crane
    crash crawl crazy creation creative creature credit creep cricket criminal crisis criticism cross crossing crow
    crowd crown crucial cruise crush cry crystal cup curious currency curse curtain curve custard customer cut cycle
    daddy dagger daily daisy damage damned dance dancer dancing danger dare darkness dart dash data database date
    deacon deal death debate debt debut decade december decision deck decline decoder dedication deep deer defeat
    defence degree delay delight delivery delta demand democracy democrats demolition demon dentist department
    departure depot depression depth design desire destiny destroy destroyer detail detection detention device
    diagnosis dialogue diary dice dictionary diesel differ digger digital dimension dinner director dirt disaster
    disc disciple disclosure disco discovery discussion disease dish display disposal dispute distance distribution
    disturb dive divide divine divorce doctor doll dollar dolls dolphin domestic domino donkey double doubt dove
    doves dragon dragons drain drake drama draw drawing dread dreamer dress drift driven driver drop drown drug drum
    drummer duck duet duke dummy dune duo dusk duster duty dynamite each ear earthquake east easter economy edge
    edition editors education effect effort egg election electricity elephant elevator elixir embassy ember
    emergency emotion emperor empire employee encounter ending endless enemy engine enigma enterprise entrance entry
    envelope environment envy episode erase error escape essence essential estate estimate eternity evening
    everything evidence example exchange exhibit exit expansion expect expensive experience expert explosion
    exposure express expression extension extent extra face facility fact factor factory failure fair fairy
    faithless fake fallen fame familiar famine fan fantasy farewell farm fashion fate father fault favour fear feast
    feather feathers feature federation fee fellow female fence fern ferry fetish fever fiction fiddle fiend fight
    fighter figure film finger fingers finish fireworks fist fit flash flavour flea flight flipper float flock flood
    floor flora flow fluid flute fly flying foal fog foggy folks food fool fools foot football force foreign forgive
    fork formation formula forth fortune forum foundation fountain fraction frame freak freedom freeze frequency
    fresh friday friend frog front frontier frost fruit fugitive function fund further fury fuse gain galaxy gallery
    gallows gamble gamma gang gap garage gas gaze gem gender gene general generation genius genre gentleman giants
    gift gin gipsy girlfriend glamour glide glitter global globe glory glove glow glue goal goat gods goldfish goose
    gorilla gospel gossip govern grace grade graduate grain grandmother grape grass grave gravity grease greed grey
    grief grind grinder grip groove ground grouper grove growl guard guardian guess guest guide guilt guitars gum
    gun guns gutter guy gypsy habit habitat hail halfway hall halo ham hammer hammock handle handsome hang hangover
    happiness harbour hardcore hardware harm harvest hat hatchet hate haven hawk hay haze headache healing health
    heat heater heathen heels height heir helicopter helium hen herd heretic heritage hermit hero heroine heron hide
    highlight highway hill hills hint hip history hit hobby holiday hollow holly holy homework honour hood hook
    hoops horizon horizontal horn horror host hostage hotel hound household hum humble humming hunger hunt hunter
    hurt husband hush husky hymn hypnosis iceberg icon idea ideal identity igloo ignition illness imagination
    imagine immortal impact import impossible impulse inch incident income increase independence index indigo infant
    infection infinity influence information initial injury ink innocence inquiry insect inside inspiration instant
    instinct institute institution insurance intelligence interest internal internet interview intrigue intro
    introduction invasion invention investment invisible involved iron issue item ivory ivy jack jackal jacket jade
    jaguar jail jar jaw jazz jealous jelly jewel jigsaw job joke joker judge judgement juggernaut jump junction
    junior junk junkyard jury justified karma kettle key keyboard keys kick kidney kindness kitchen kite kitten knee
    knight knock knot knowledge label laboratory labyrinth lace ladder lady laid lake lamp lance landscape language
    lantern laser laugh laughter launch laundry lava law lawn lawyer lead leader leaf leak learned legacy legend
    lemon lemonade lens leopard lesson letter letters leverage liar liberal liberty library license lick lie lies
    lifetime lift lightning lilac lily limbo lime limit line linear lines link lip lips liquor list literature
    lithium lizard load loaf loan lobby lobster local location lock locket locust loft logic logo lonely longing
    look looking loop loser loss lost lottery loud lounge lover lovers loyal luck lucky lullaby lunatic lunch lungs
    lush luxury lyric mad madness magician magnet maid mail male mall mama mammoth manage management manager mandate
    mandolin mania manner mantle mantra manual many map maple marathon marble march margin marine marker market
    marriage mars marvel mask mass massacre mastodon match material matter maximum maze meadow measure meat
    mechanism medal media medicine medium megaphone melon melt member memories memory mental mention mentor merchant
    mercury mercy mere mermaid merry mess message messenger meteor method metro mice microphone middle midnight
    migraine mile military militia miller millionaire mimosa mine mineral minimum minister minnow minor minute
    miracle mirage misery misfit misfits mission mist mistake mistress mixed mobile mode model mogul mole molecule
    mom momentum monday monitor monk monkey monkeys mono monument mood moose mortal moss motel moth motor motorcycle
    motors mouse move movie mud mule multiply muscle museum mushroom music musicians mustang mutiny mutton mutual
    mystery myth nail nails naked narrative nasty nation nations natural nature navy nearby needle needles negative
    neighbour neon nerd nerve nest net network neutral news nickel night nightmare nirvana nobody noir nomad noon
    norm north nose note nothing notice notion novel novelty nude number numbers nun nurse nut oak oath object
    oblivion obsession obvious occasion octopus odds odyssey offence offering office officer official offset
    offspring oil omen onion online onward opera operation operator opinion opium opponent opportunity option oracle
    orange orchard orchid order orders ordinary organ organism origin orphan ostrich otter outcast outcome outlaw
    outlook output outrage outsider oven overall owl owls owner ownership oxygen oyster pack pact page pages pain
    paint painter pair palace pale palm panda panel panorama panther paper papers parachute paradox paranoia
    paranoid pardon parrot particle particular partner passage passed passion past pastel path patience patient
    patrol pattern pause pay payment peace peaches peacock peak pearl pearls pebble pelican pen pencil pendulum
    penguin penny pepper percentage performance perfume period permission person personal personality pet petal
    phantoms phase phenomenon phone photograph phrase physics piano pick picnic picture piece pigeon pigeons pill
    pillow pills pine pink pint pioneer pipe pipes pirate pirates pistol pistols pit pitch pixel placebo plague
    plaid plain plane planets planning plant plastic plate platform platinum player playground plenty plot plus poem
    poet poetry point pole polish political politics pollen pollution pony pool pope poppy popular population porch
    porcupine portable portion position positive possession possible post postcard poster posture pot potato
    potential poverty powder powerful practical practice prayer prayers preacher precious prediction premium
    presence present president pressing pressure previous pride priest priests primal primary primitive princess
    principle prison prisoner privacy private privilege prize problem procedure process produce product profession
    professor profile profit program progress project promise promotion proof propaganda proper property prophets
    proposal prospect protection protest protocol proverb provide province provision psycho public pull pulse pump
    pumpkin punch punishment punk pupil puppet puppy purchase pure purple purpose purse pursuit pusher puzzle
    pyramid python quail quake quality quantity quarry quarter quartz quest question quick quicksand quiet quilt
    quote rabbit raccoon race racing racket radar radiation radical raft rage rail rails railway rainbow raincoat
    raincoats raise ram random range rank ransom rapids rapture rare rate ratio raven ravens raw ray rays razor
    reach reaction reader reality reason rebel rebellion rebels receipt reception reckless recovery redemption
    reduction reef reference reflection reform refugee refuse region register regret regular relation relationship
    relative release relevance reliable relic religion remedy remember reply report representative republic
    reputation request rescue research reserve residence resistance resolution resort resource respect response
    responsible rest restaurant result retreat revenge revenue reverend reverse review revolution revolver reward
    rhyme rhythm ribbon rice ring rings risk ritual roads roar rob robber robin robot robots rocket rocks rodeo role
    roll roman romance roof rooftop root rope rosary rotation rough roundabout rounds route routine rover row rowdy
    royal royals rubber rubble rude ruin ruins rule rumour rumours runaway runner rural rust sabbath sabotage sacred
    sacrifice saddle sadness safety sail sailor sailors saint saints sake salad salt salvation sample samurai
    sanctuary sandal sandwich sapphire satan satellite satin satisfaction saturn sauce savages saviour saw scale
    scandal scar scarecrow scarf scarlet scene scheme scholar science scissor scissors score scout scratch scream
    screen script seagull search season seasons seat second secret secrets section sector security seed seeds
    selection self senate sensation sense sentence sequence serpent servant session settler seventh severe sex shade
    shadow shaker shame shangri-la shape share shark sharks sheep sheet shell shelter shepherd sheriff shield shift
    shine shins shirt shock shoe shoes shoot shooting shop shore short shotgun shots shoulder shout shovel shower
    shrimp shrine shutter shy sick siege sigh sight sign signature significance silence silk silver similar sin
    sincere sins siren sirens site situation sixpence size skate skeleton sketch skill skin skull skunk slaughter
    slayer sleeper sleeve slide slight slipknot slipper slope sloth slow smell smile smith smooth snail snake snakes
    snap soap social society socks sofa soft softly software soil soldiers solitude solo solstice solution solve
    somebody somewhere song songs sore sorrow sort souls soup source spade spark sparks sparrow spear specialist
    species specimen spectator spectrum speech speed spell spice spider spike spin spine spiral splash spoke sponge
    sport spot spread spree spur spy squad square squirrel stable staff stage stain stair staircase stake stamp
    standard standing stare starfish starlight starling startup statement static station statue status steam steel
    stem step steps stereo steward stick sticks stitch stitches stock stomach stoned storey storms stove straight
    strain strange stranger strangers strangler strategy straw stream stretch strict strike string strings strip
    stroke strokes structure struggle stuck student studio study stuff stupid subject submarine subsequent substance
    subtle suburb suburbs subway success sudden suffer sugarcube suggestion suit suitcase sulphur sultan summit
    sundays sunflower sunlight sunrise sunset sunshine superman supply support supreme surf surface surfer surgeon
    surplus surprise survey survival survivor suspect suspicion swallow swamp swan swarm sweat sweater swift swim
    swing switch sword symbol sympathy symptom synapse syndrome syrup system table tail tailor tale talent talk
    tango tank tape target task taste tattoo tax taxi tea teacher team tear teardrop tears technical technique
    technology teenage teenager telegram telegraph telephone telescope temper temperature tempest temporary
    temptation temptations tendency tennis tenor tension tent term terminal territory terror test testament
    testimony text texture thanks theatre theory therapist therapy thief thieves thin thirst thirty thorn thorns
    thought thread threat threshold thrill thriller throat throne thrust thumb ticket tide tides tiger tigers tight
    tile timber times tin tissue title toad toast tobacco toe tomato tomb tomorrow tongue tonic tools tooth torch
    tornado tortoise total tough tourism tourist towel tower trace tracks trade tradition tragedy tragic trail
    traitor transfer transit transition translator transmission transport trapeze trash travel traveller treasure
    treat treatment treaty tremor trend triangle tribes tribute trick trickster trigger trilogy trinity trio triple
    triumph troll trombone trooper trophy trouble truck trucks trumpet trunk trusted tsunami tuesday tulip tumble
    tune tunnel turbine turbulence turn turtle turtles tusk tutor twenty twilight twin twins twist tycoon type
    typhoon ugly ultimate umbrella uncertain uncle unicorn uniform union unit unity universe unknown upper upset
    urge usual utility utopia vacation vaccine vacuum valentine valley value vampire vampires van vandal vanilla
    vanity vapour variety vault vegas vehicle veil vein velvet vendetta vengeance venom venture venue verdict
    version vessel veteran veto vibe vice victim victory video view vigilante villain vine vinegar vines vintage
    violence violent violet viper virgin virtual virtue virus visible vision visions visit visitor vital vocal void
    volcano volt volume volunteer voodoo vortex vote voyage vulnerable vulture wages wagon wait wake walk walker
    walkman wallet walnut walrus waltz wanderer wandering warm warmth warning wasp wasps waste watch waterfall wax
    wealth weapon weather web wedding weed weekend weight weird welcome welfare werewolf western wet wheels whip
    whiskey whisper whistle wicked wide widow wife wild wilderness willow window wing winner winters wisdom wish wit
    witch witches witness wizard wolf womb wonderful wonderland wonders worker workers worm worry worse worst worth
    wound wrap wreck wrestler wrist writer wrong xylophone yard yarn yesterday yogurt youngster youthful zeal zebra
    zero zip zombie zone zoo
""")

# Fixed phrases of everyday English that names are made of: more common than their words are together by chance.
PHRASES = frozenset(
    phrase.replace("_", " ")
    for phrase in _words("""
        all_i_need bad_company bad_news beach_house big_star black_box blind_date blue_note blue_sky body_count
        broken_heart civil_war close_to_you cold_war common_ground common_people common_sense crash_test dead_end
        dear_friends dirty_money double_standard fair_play fast_car first_aid first_aid_kit free_energy free_fall
        front_line full_moon full_time general_public ghost_town girls_and_boys golden_age good_night green_day
        half_moon hard_times heavy_metal high_school hot_water human_nature in_bloom last_night let_it_be
        life_support live_wire long_time loose_ends lost_cause love_story material_girl missing_persons modern_life
        morning_after new_age new_order new_year next_door night_time no_doubt no_name no_way old_times one_day
        open_season open_up our_house over_and_over public_enemy public_image real_estate real_life real_people
        red_alert roller_coaster second_life silent_night simple_things some_people sound_of_silence special_ops
        stand_by_me sunny_day take_that the_band the_beat the_book the_books the_cars the_church the_city the_clash
        the_cure the_doors the_end the_fall the_game the_hours the_killers the_model the_national the_night
        the_police the_public the_real_thing the_sea the_streets the_time the_war the_way the_who the_world time_off
        united_nations war_zone what_else white_lies wild_beasts wild_horses working_man yes_sir
    """)
)
