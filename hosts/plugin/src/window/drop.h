// Files that are dropped on the window. pugl has no drag and drop on X11, so this speaks XDND beside it, on a
// connection of its own: sources are told to talk to a small window of ours instead (XdndProxy).
// Elsewhere nothing can be dropped.
#pragma once

#include <stdint.h>

#include <functional>
#include <memory>
#include <string>

class Drop {
  public:
    // what happens: hovers(true) while something that could be dropped is above the window; dropped(path)
    // with the path of a model's file; refused(sentence) for anything else.
    struct Heard {
        std::function<void(bool)> hovers;
        std::function<void(const char*)> dropped, refused;
    };
    // window: the plug-in's, as the system numbers it
    Drop(uintptr_t window, Heard heard);
    ~Drop();
    Drop(const Drop&) = delete;

    void poll();  // often, on the window's thread

  private:
    struct Connection;
    std::unique_ptr<Connection> x;
};

// The first model's file of a list of addresses, as text/uri-list has it. → its path; else "", and why in one
// sentence.
std::string dropped_model(const std::string& list, std::string& why);
