"""The words invented personas are made of."""

FIRST_NAMES = (
    "Ada", "Bruno", "Chidi", "Dalia", "Emre", "Freya", "Goran", "Hana", "Imani", "Jonas", "Keiko", "Lior",
    "Mirela", "Nikhil", "Orla", "Paolo", "Quinn", "Rosa", "Sven", "Tamsin", "Uma", "Viktor", "Wanja", "Yusuf",
)  # fmt: skip

SURNAMES = (
    "Abbot", "Bergman", "Castell", "Dimitrov", "Eze", "Farrow", "Gupta", "Hollis", "Ivanova", "Jansen", "Kim",
    "Lindqvist", "Moreau", "Novak", "Okafor", "Pereira", "Quist", "Rahman", "Sorensen", "Tanaka", "Ueda",
    "Vance", "Whitlock", "Zeller",
)  # fmt: skip

OCCUPATIONS = (
    "bookkeeper", "community nurse", "data analyst", "delivery planner", "electrician", "event organiser",
    "freelance illustrator", "laboratory technician", "librarian", "office manager", "product designer",
    "school teacher", "shop owner", "software developer", "support agent", "town planner",
)  # fmt: skip

PLACES = (
    "a port town", "a commuter suburb", "a mountain valley", "a university city", "an industrial district",
    "the outskirts of a capital", "a farming village", "an island community",
)  # fmt: skip

HABITS = (
    "keeps a paper notebook next to the screen", "does most of the work on a phone",
    "answers for a team of four", "learnt the job from a colleague", "changed trade two years ago",
    "splits the week between home and the office", "looks after two children in the evenings",
    "has tried several tools and left them all",
)  # fmt: skip

GOALS = (
    "finish the week's paperwork in one sitting", "see at a glance what is still open",
    "hand work over without a long explanation", "spend less time on copying figures",
    "trust the numbers without checking them twice", "learn one new thing each month",
    "keep customers informed without being asked", "plan further ahead than the next day",
    "agree on priorities with the team", "find last year's version when it is needed",
)  # fmt: skip

FRUSTRATIONS = (
    "the same question has to be answered in three places", "search never finds the file that is there",
    "updates move the buttons", "an export loses the formatting", "help pages describe an older version",
    "notifications arrive for things already done", "logging in takes longer than the task",
    "nobody knows who changed the entry", "the mobile view hides half of the fields",
    "errors say that something went wrong and no more",
)  # fmt: skip

BEHAVIOURS = (
    "checks messages before breakfast", "writes a list on Monday and rewrites it on Wednesday",
    "asks a colleague before reading the manual", "keeps a spreadsheet as a safety net",
    "postpones anything that needs a long form", "takes screenshots as proof",
    "compares two sources before deciding", "works in short bursts between meetings",
    "tests a new tool on a small task first", "prints what really matters",
)  # fmt: skip

QUOTES = (
    "If it takes more than a minute, I will do it by hand.", "Show me what changed, not everything there is.",
    "I do not need more features, I need fewer surprises.", "The tool should remember so that I need not.",
    "I would rather wait a day than repair it for a week.", "Somebody must have had this problem before me.",
    "When it works, I forget that it exists.", "Tell me early, then I can still do something.",
)  # fmt: skip
