// One visitor of a variant out of several lambdas.
#pragma once

namespace ovpnbroker::ovpn {

template <typename... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <typename... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

}  // namespace ovpnbroker::ovpn
