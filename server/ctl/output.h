// What the option --output asks for: tables for people, JSON and YAML for programs.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "server/ctl/command.h"
#include "server/ctl/table.h"

namespace ovpnbroker::ctl {

// True when --output asks for a format for programs: the message, or JSON text, was printed in it.
bool PrintedForPrograms(const GlobalOptions& global, const google::protobuf::Message& message);
bool PrintedForPrograms(const GlobalOptions& global,
                        const std::vector<const google::protobuf::Message*>& messages);
bool PrintedForPrograms(const GlobalOptions& global, const std::string& json);

// Like PrintedForPrograms, for one of a series of messages: JSON objects follow each other, YAML
// documents are separated by "---". Flushes.
bool PrintedEventForPrograms(const GlobalOptions& global, const google::protobuf::Message& message);

// One message in full: in the format for programs that --output asks for, else in YAML, which
// people read well.
void PrintWhole(const GlobalOptions& global, const google::protobuf::Message& message);

// Fitted to the terminal, whole with `-o wide`.
void PrintTable(const GlobalOptions& global, const Table& table);

// JSON, which is valid, as YAML in block style.
std::string JsonToYaml(const std::string& json);

}  // namespace ovpnbroker::ctl
