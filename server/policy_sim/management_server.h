// OpenVPN's end of a management socket, played: greets, answers commands with the texts of a real
// OpenVPN 2.6.14, says what its owner tells it to say and remembers what it was told. Serves one
// controller at a time, as OpenVPN does. For the simulator and for tests; runs on its owner's loop.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ovpnbroker::policy_sim {

class ManagementServer {
 public:
  // The whole reply to one command line, line ends included; "" for no reply.
  using Responder = std::function<std::string(const std::string& line)>;
  using BodyResponder =
      std::function<std::string(const std::string& line, const std::vector<std::string>& body)>;

  static constexpr absl::string_view kGreeting =
      ">INFO:OpenVPN Management Interface Version 5 -- type 'help' for more info\r\n";
  static constexpr absl::string_view kHold = ">HOLD:Waiting for hold release:0\r\n";

  // Listens on a unix socket at `path`.
  ManagementServer(asio::io_context& loop, const std::string& path);
  ~ManagementServer();
  ManagementServer(const ManagementServer&) = delete;
  ManagementServer& operator=(const ManagementServer&) = delete;

  // What the next controllers hear first; kGreeting and kHold unless set.
  void SetGreeting(std::string bytes);
  // How commands are answered from now on; DefaultReply unless set.
  void SetResponder(Responder responder);
  // The same with the lines of a client-auth's body.
  void SetBodyResponder(BodyResponder responder);
  // Forgets what was said and stops to remember it: for as long as a program runs.
  void ForgetLines();
  // SUCCESS as OpenVPN words it, the version of 2.6.14, an empty status 3; a client-auth is
  // answered after its END, the lines of its body are not commands.
  static std::string DefaultReply(const std::string& line);

  // Says `bytes` to the attached controller, after all that was said before.
  void Say(absl::string_view bytes);
  // The same in writes of one byte.
  void SaySlowly(absl::string_view bytes);
  // Commands stay in the socket until the next controller comes.
  void StopReading();
  // Hangs up; the next controller is accepted.
  void HangUp();

  // A controller is attached.
  bool attached() const;
  // How many controllers were accepted so far.
  int accepted() const;
  // All lines so far, from all controllers, also those of client-auth bodies.
  const std::vector<std::string>& lines() const;
  // True when `line` is among them.
  bool Heard(absl::string_view line) const;
  // Bytes that the controller has not taken yet.
  size_t unsent_bytes() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace ovpnbroker::policy_sim
