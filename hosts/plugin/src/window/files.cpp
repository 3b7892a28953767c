#include "files.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <algorithm>

static std::string last;  // the folder that a file was chosen in; the windows are one thread's

static bool is_folder(const std::string& path) {
    struct stat found;
    return stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

static std::string home() {
    for (const char* name : {"HOME", "USERPROFILE"})
        if (const char* path = getenv(name); path && is_folder(path)) return path;
    return "/";
}

static std::string above(const std::string& folder) {
    size_t cut = folder.find_last_of("/\\");
    if (cut == std::string::npos) return folder;
    return folder.substr(0, cut == 0 || folder[cut - 1] == ':' ? cut + 1 : cut);
}

// Folders first, then models, each by name; what begins with a dot is left out.
static void read(const std::string& folder, std::vector<std::string>& folders,
                 std::vector<std::string>& files) {
    DIR* open = opendir(folder.c_str());
    if (!open) return;
    while (const dirent* entry = readdir(open)) {
        if (entry->d_name[0] == '.') continue;
        std::string path = folder + "/" + entry->d_name;
        if (is_folder(path))
            folders.push_back(entry->d_name);
        else if (is_model_file(entry->d_name))
            files.push_back(entry->d_name);
    }
    closedir(open);
    std::sort(folders.begin(), folders.end());
    std::sort(files.begin(), files.end());
}

void files_open(List& list, const Box& room, const std::string& from,
                std::function<void(const char*)> chosen) {
    std::string folder = !from.empty() && is_folder(from) ? from : !last.empty() ? last : home();
    std::vector<std::string> folders, files;
    read(folder, folders, files);
    std::vector<Line> lines = {{"← " + above(folder), true}};
    for (const std::string& name : folders) lines.push_back({name + "/", true});
    for (const std::string& name : files) lines.push_back({name, false});
    Box beside = {room.x, room.y - 4, std::min(room.w, 460.0f), 0};
    list.open(
        beside, room, lines, -1,
        [&list, room, folder, folders, files, chosen](int index) {
            if (index < 0) return;
            size_t at = static_cast<size_t>(index);
            if (at == 0) return files_open(list, room, above(folder), chosen);
            std::string base = folder == "/" ? folder : folder + "/";
            if (at <= folders.size()) return files_open(list, room, base + folders[at - 1], chosen);
            last = folder;
            chosen((base + files[at - 1 - folders.size()]).c_str());
        },
        (files.empty() ? "no model files (.melisma) in " : "model files in ") + folder);
}
