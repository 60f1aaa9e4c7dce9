// kodama: TCP servers on io_uring. The list of what there is to learn; include this one.
//
//   struct Echo {
//       void on_receive(kodama::Connection& connection, kodama::Buffer buffer) {
//           connection.send(std::move(buffer));
//       }
//   };
//   int main() {
//       kodama::Server<Echo> server{{.listen = {"localhost:8888"}}};
//       server.run_until_signal();
//   }
#pragma once

#include <kodama/base/address.hpp>             // Address
#include <kodama/base/error.hpp>               // OptionError, SetupError
#include <kodama/core/buffer.hpp>              // Buffer
#include <kodama/core/close_reason.hpp>        // CloseReason
#include <kodama/core/connection.hpp>          // Connection
#include <kodama/core/counters.hpp>            // Counter, Counters
#include <kodama/core/event.hpp>               // Event
#include <kodama/core/handle.hpp>              // Handle
#include <kodama/core/shared_bytes.hpp>        // SharedBytes
#include <kodama/protocol/coroutine.hpp>       // Coroutine
#include <kodama/protocol/framed.hpp>          // Framed
#include <kodama/protocol/length_prefixed.hpp> // LengthPrefixed, big_endian
#include <kodama/protocol/lines.hpp>           // Lines
#include <kodama/protocol/stream.hpp>          // Stream
#include <kodama/protocol/task.hpp>            // Task
#include <kodama/ring/features.hpp>            // Feature, FeatureSet
#include <kodama/server/options.hpp>           // Options
#include <kodama/server/probe.hpp>             // probe, ProbeReport
#include <kodama/server/server.hpp>            // Server
#include <kodama/server/session.hpp>           // Session
#include <kodama/server/stats.hpp>             // stats_json
