// What the shared library shows of itself.
#pragma once

// Stands before every class and function that users link with; all other symbols of the library
// are hidden (`-fvisibility=hidden`), so that they may change without anybody's notice, and calls
// within the library go straight. tests/packaging/symbols.txt lists what is shown. A class that is
// thrown must be shown too, or nobody else can catch it.
#define KODAMA_EXPORT [[gnu::visibility("default")]]

// Before a class within a class that is shown.
#define KODAMA_HIDDEN [[gnu::visibility("hidden")]]
