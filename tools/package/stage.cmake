# SPDX-License-Identifier: BSD-2-Clause
# What packages have besides installed files. CPack runs this when the files are staged, before it packs them.
file(READ ${CPACK_NET_XDP_SOURCE}/LICENSE license)
string(REGEX REPLACE "^.*authors\n\n(.*)\n\nThe files in bpf/.*$" "\\1" license "${license}")
string(REPLACE "\n\n" "\n.\n" license "${license}")
string(REPLACE "\n" "\n " license " ${license}")
file(READ ${CPACK_NET_XDP_SOURCE}/tools/package/copyright copyright)
string(REPLACE "@LICENSE@" "${license}" copyright "${copyright}")

# compress FILE...: the same bytes each time, as several architectures share them.
function(compress)
  if(ARGN)
    execute_process(COMMAND gzip -9n ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
  endif()
endfunction()

# Policy 12.7: a page about what is new is called changelog.gz.
function(name_changelog doc)
  if(NOT EXISTS ${doc}/changes.md)
    return()
  endif()
  file(RENAME ${doc}/changes.md ${doc}/changelog)
  compress(${doc}/changelog)
  file(GLOB pages ${doc}/*.md)
  foreach(page IN LISTS pages)
    file(READ ${page} text)
    string(REPLACE "(changes.md)" "(changelog.gz)" text "${text}")
    file(WRITE ${page} "${text}")
  endforeach()
endfunction()

foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  string(TOUPPER ${component} upper)
  set(package ${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
  set(share ${CPACK_TEMPORARY_DIRECTORY}/${component}${CPACK_PACKAGING_INSTALL_PREFIX}/share)
  if(CPACK_GENERATOR STREQUAL RPM)
    file(COPY ${CPACK_NET_XDP_SOURCE}/LICENSE DESTINATION ${share}/licenses/${CPACK_RPM_${upper}_PACKAGE_NAME})
    continue()
  endif()
  set(doc ${share}/doc/${package})
  file(MAKE_DIRECTORY ${share}/doc)
  if(EXISTS ${share}/doc/net_xdp)
    file(RENAME ${share}/doc/net_xdp ${doc})
  endif()
  name_changelog(${doc})
  file(WRITE ${doc}/copyright "${copyright}")
  execute_process(COMMAND awk -v source=${CPACK_DEBIAN_PACKAGE_SOURCE}
      -v "maintainer=${CPACK_PACKAGE_CONTACT}" -f ${CPACK_NET_XDP_SOURCE}/tools/package/debian-changelog.awk
      ${CPACK_NET_XDP_SOURCE}/docs/changes.md
    OUTPUT_FILE ${doc}/changelog.Debian COMMAND_ERROR_IS_FATAL ANY)
  file(GLOB man ${share}/man/man*/*.[1-9])
  compress(${doc}/changelog.Debian ${man})
endforeach()

# CPack strips what runs; an archive's debug information is of no use without its sources either.
file(GLOB_RECURSE archives ${CPACK_TEMPORARY_DIRECTORY}/dev/*.a)
execute_process(COMMAND strip --strip-debug --enable-deterministic-archives --remove-section=.comment
    --remove-section=.note ${archives} COMMAND_ERROR_IS_FATAL ANY)
