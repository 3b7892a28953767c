// A file of one's own, chosen folder by folder in a list.
#pragma once

#include <functional>

#include "list.h"

// chosen: the path of a .melisma file. from: the folder to begin in; "" for where one was found last, or at
// home.
void files_open(List& list, const Box& room, const std::string& from,
                std::function<void(const char*)> chosen);
