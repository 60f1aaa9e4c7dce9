// `chargen [ENDPOINT [WORKERS]]`, then `nc localhost 19`.
#include "chargen.hpp"
#include "serve.hpp"

int main(int argc, char** argv) {
    // What a client may be sent ahead: `max_pending`, and as much as the receive buffers hold.
    return examples::serve<examples::Chargen>(
        argc, argv, "localhost:19",
        {.buffers = {.count = 32, .size = 1024}, .max_pending = 32 * 1024});
}
