"""What the plug-in's window wants when it is compiled: DGL (in DPF's source), OpenGL's headers and X11's, and letters.

On Linux nothing of it is linked: libX11 and libGL are opened when a window is, so that the plug-in loads where there are none.
For macOS a window needs Apple's frameworks, which zig does not bring; there a host shows its own.
"""

from __future__ import annotations

import importlib.util
import io
import shutil
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "src" / "window"
INCLUDE = [Path("/usr/include"), Path("/usr/local/include")]
FONTS = {"LETTERS_PLAIN": "DejaVuSans.ttf", "LETTERS_BOLD": "DejaVuSans-Bold.ttf"}
CHARACTERS = [*range(0x20, 0x7F), *range(0xA0, 0x180), *map(ord, "σμ–—‘’“”…−×±≈≤≥←→↑↓↔")]
DEFINES = """MELISMA_WINDOW=1 HAVE_DGL HAVE_OPENGL DGL_OPENGL DGL_NAMESPACE=MelismaDGL DGL_FILE_BROWSER_DISABLED
    DGL_NO_SHARED_RESOURCES DONT_SET_USING_DGL_NAMESPACE""".split()
DPF = ("dgl", "geometry", "opengl", "pugl")  # sources that are DPF's alone and know nothing of ours
WINDOWS = ["opengl32", "gdi32", "user32", "dwmapi"]
# what DGL, pugl and NanoVG call; the link says what is missing here
X11 = """XChangeProperty XCheckTypedWindowEvent XCloseDisplay XCloseIM XConvertSelection XCreateColormap XCreateIC
    XCreateWindow XDefaultRootWindow XDeleteProperty XDestroyIC XDestroyWindow XEventsQueued XFilterEvent XFlush XFree
    XFreeColormap XGetAtomName XGetInputFocus XGetSelectionOwner XGetVisualInfo XGetWindowAttributes
    XGetWindowProperty XInitThreads XInternAtom XLookupString XMapRaised XMoveResizeWindow XMoveWindow XNextEvent
    XOpenDisplay XOpenIM XPending XQueryTree XRaiseWindow XResizeWindow XResourceManagerString XSendEvent
    XSetClassHint XSetErrorHandler XSetICFocus XSetInputFocus XSetLocaleModifiers XSetNormalHints XSetSelectionOwner
    XSetTransientForHint XSetWMProtocols XStoreName XSync XTranslateCoordinates XUnmapWindow XUnsetICFocus
    XrmDestroyDatabase XrmGetResource XrmGetStringDatabase XrmInitialize Xutf8LookupString""".split()
GLX = """glXChooseFBConfig glXCreateNewContext glXDestroyContext glXGetConfig glXGetFBConfigAttrib glXGetProcAddress
    glXGetVisualFromFBConfig glXMakeCurrent glXQueryDrawable glXQueryExtension glXQueryExtensionsString glXSwapBuffers""".split()
GL = """glActiveTexture glAttachShader glBegin glBindAttribLocation glBindBuffer glBindTexture glBlendFunc glBlendFuncSeparate
    glBufferData glClear glColor3f glColor4f glColorMask glCompileShader glCreateProgram glCreateShader glCullFace
    glDeleteBuffers glDeleteProgram glDeleteShader glDeleteTextures glDisable glDisableVertexAttribArray glDrawArrays
    glEnable glEnableVertexAttribArray glEnd glFinish glFlush glFrontFace glGenBuffers glGenTextures glGetBooleanv
    glGetError glGetIntegerv glGetProgramInfoLog glGetProgramiv glGetShaderInfoLog glGetShaderiv glGetUniformLocation
    glLineWidth glLinkProgram glLoadIdentity glMatrixMode glOrtho glPixelStorei glPopMatrix glPushMatrix glReadPixels
    glRotatef glScissor glShaderSource glStencilFunc glStencilMask glStencilOp glStencilOpSeparate glTexCoord2f glTexImage2D
    glTexParameterfv glTexParameteri glTexSubImage2D glTranslatef glUniform1i glUniform2fv glUniform4fv glUseProgram
    glVertex2d glVertexAttribPointer glViewport""".split()


def fonts(dpf: Path) -> Path:
    """The folder of the fonts that Debian's dpf-source depends on."""
    return (dpf / "dgl" / "src" / "resources" / FONTS["LETTERS_PLAIN"]).resolve().parent


def missing(dpf: Path, system: str) -> str:
    """Why the plug-ins are built without a window, in one sentence; nothing if they have one."""
    if system == "macos":
        return "no window for macOS: it needs Apple's frameworks, and hosts show their own"
    wanted = ["X11/Xlib.h", "GL/glx.h"] if system == "linux" else []
    if gone := [name for name in wanted if not any((folder / name).is_file() for folder in INCLUDE)]:
        return f"no window: {gone[0]} was not found (Debian: apt install libx11-dev libgl-dev)"
    if gone := [name for name in FONTS.values() if not (fonts(dpf) / name).is_file()]:
        return f"no window: the font {gone[0]} was not found (Debian: apt install fonts-dejavu-core)"
    if not importlib.util.find_spec("fontTools"):
        return "no window: fontTools, which cuts its letters, was not found (pip install fonttools)"
    return ""


def prepare(dpf: Path, system: str, folder: Path) -> list[str]:
    """Write what the sources include into `folder`. → options for the compiler."""
    (folder / "letters.h").write_text(letters(dpf))
    options = [f"-D{name}" for name in DEFINES] + ["-frtti", "-I", str(folder), "-isystem", str(dpf / "dgl")]
    options += [
        "-isystem",
        str(dpf / "dgl" / "src" / "nanovg"),
        "-isystem",
        str(dpf / "dgl" / "src" / "pugl-upstream" / "include"),
    ]
    if system == "linux":
        options += ["-DHAVE_X11", "-DMELISMA_LOADS"]
        for name in ("X11", "GL", "KHR"):  # alone, as LV2's: what lies beside them is another compiler's
            if place := next((place for place in INCLUDE if (place / name).is_dir()), None):
                shutil.copytree(place / name, folder / name)
        x11 = [f"X11/{name}.h" for name in ("Xlib", "Xatom", "Xresource", "Xutil", "keysym")]
        (folder / "loaded_gl.h").write_text(loaded("gl", ["GL/gl.h", "GL/glext.h"], GL, "#define GL_GLEXT_PROTOTYPES\n"))
        (folder / "loaded_x11.h").write_text(loaded("x11", x11, X11) + loaded("glx", ["GL/glx.h"], GLX))
    return options


def letters(dpf: Path) -> str:
    """DejaVu Sans, cut down to what the window may write, as C++."""
    from fontTools import subset

    text = ""
    for name, file in FONTS.items():
        options = subset.Options(hinting=False, layout_features=[], name_IDs=[], notdef_outline=True, glyph_names=False)
        options.drop_tables += ["FFTM"]
        font = subset.load_font(fonts(dpf) / file, options)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=CHARACTERS)
        cutter.subset(font)
        data = io.BytesIO()
        font.save(data)
        text += f"static const unsigned char {name}[] = {{{','.join(map(str, data.getvalue()))}}};\n"
    return text


def loaded(group: str, headers: list[str], names: list[str], before: str = "") -> str:
    """C++: a table of functions, filled when it is needed, and macros that call through it."""
    table = f"loaded_{group}"
    lines = [before + "\n".join(f"#include <{header}>" for header in headers)]
    lines += [f"struct Loaded_{group} {{", *(f"    decltype(&::{name}) {name}_;" for name in names), "};"]
    lines += [f"extern Loaded_{group} {table};"]
    lines += ["#ifdef MELISMA_LOADER", f"Loaded_{group} {table};"]
    lines += [f"static const char* const NAMES_{group}[] = {{", *(f'    "{name}",' for name in names), "};"]
    lines += ["#else", *(f"#define {name} {table}.{name}_" for name in names), "#endif"]
    return "\n".join(lines) + "\n"
