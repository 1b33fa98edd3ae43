# SPDX-License-Identifier: BSD-2-Clause
# Installs the pages, each package's folder with all of them: they name each other. What they name outside of this
# folder, or of what is not installed, is words there and no link.
file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.md)
file(GLOB figures CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.json ${CMAKE_CURRENT_LIST_DIR}/*.svg)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${pages})
file(REMOVE_RECURSE ${PROJECT_BINARY_DIR}/pages)
foreach(page IN LISTS pages)
  get_filename_component(name ${page} NAME)
  file(READ ${page} text)
  string(REGEX REPLACE "\\[([^][]*)\\]\\((\\.\\./[^)]*|man|examples)\\)" "\\1" text "${text}")
  file(WRITE ${PROJECT_BINARY_DIR}/pages/${name} "${text}")
endforeach()
foreach(component dev tools)
  install(DIRECTORY ${PROJECT_BINARY_DIR}/pages/ TYPE DOC COMPONENT ${component})
  install(FILES ${figures} TYPE DOC COMPONENT ${component})
endforeach()
