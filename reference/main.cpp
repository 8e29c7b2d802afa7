// refbus: the reference bus.
#include "reference/config.hpp"
#include "reference/run.hpp"

int main(int argc, char** argv) {
  auto config = reference::read_options(argc, argv);
  if (const auto* code = std::get_if<int>(&config)) return *code;
  auto seams = reference::make_seams(std::get<reference::Config>(config));
  if (const auto* code = std::get_if<int>(&seams)) return *code;
  return reference::run(std::get<reference::Config>(config),
                        std::move(std::get<reference::Seams>(seams)));
}
