# SPDX-License-Identifier: BSD-2-Clause
# Debian packages: cmake --preset package, cmake --build --preset package, cpack --preset package.
# Each install component is one package.
set(CPACK_GENERATOR DEB)
set(CPACK_VERBATIM_VARIABLES YES)
set(CPACK_PACKAGE_NAME net-xdp)
set(CPACK_PACKAGE_VENDOR net_xdp)
set(CPACK_PACKAGE_CONTACT "the net_xdp authors <net_xdp@localhost>" CACHE STRING
  "Who made the packages: a packager's name and address")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each description below begins with its own
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES YES)
set(CPACK_COMPONENTS_ALL lib dev tools)
set(CPACK_DEB_COMPONENT_INSTALL YES)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SOURCE net-xdp)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS YES)
# A program asks for at least the version that it was built with.
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS YES)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION YES)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/stage.cmake)
set(CPACK_NET_XDP_SOURCE ${PROJECT_SOURCE_DIR}) # for that script

# The SONAME is in the name, so that packages of two minor versions stand beside each other.
set(CPACK_DEBIAN_LIB_PACKAGE_NAME libnet-xdp${NET_XDP_SOVERSION})
set(CPACK_DEBIAN_LIB_PACKAGE_SECTION libs)
# CPack's own scripts for a library call ldconfig, for which Debian wants a trigger.
set(CPACK_DEBIAN_LIB_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/lib/triggers)
set(CPACK_COMPONENT_LIB_DESCRIPTION "AF_XDP network backend on the caller's own memory
net_xdp moves frames between a NIC's queues and the memory of the program
that uses it: the memory of a virtual machine or the buffers of a
user-space network stack is the UMEM that the kernel and the NIC write to.
What has to be copied nevertheless is counted, with the reason.

This package contains the shared library.")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libnet-xdp-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS
  "${CPACK_DEBIAN_LIB_PACKAGE_NAME} (= ${PROJECT_VERSION}-1), libbpf-dev, libmnl-dev, libxdp-dev")
set(CPACK_COMPONENT_DEV_DESCRIPTION "AF_XDP network backend on the caller's own memory - development
net_xdp moves frames between a NIC's queues and the memory of the program
that uses it. A small contract of endpoint, queue and buffer access
(net_backend.h) has AF_XDP, loopback and null behind it, with capture and
exchange under a live frontend as wrappers.

This package contains the headers, the static library, the files for
pkg-config and CMake, manual pages and examples.")

set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME net-xdp-tools)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION net)
set(CPACK_DEBIAN_TOOLS_PACKAGE_RECOMMENDS "ethtool, iproute2")
set(CPACK_DEBIAN_TOOLS_PACKAGE_SUGGESTS "bash-completion, qemu-system-x86")
set(CPACK_DEBIAN_TOOLS_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/tools/postinst
  ${CMAKE_CURRENT_LIST_DIR}/tools/prerm ${CMAKE_CURRENT_LIST_DIR}/tools/postrm)
set(CPACK_COMPONENT_TOOLS_DESCRIPTION "AF_XDP: what an interface can do, benchmarks, and guests
xsk-info says which mode AF_XDP would get on an interface, and why not a
better one. xsk-bench sends, receives, forwards and measures frames that
prove what happened to them. xsk-vhost is a vhost-user network device for
virtual machines, whose receive buffers are the guest's own memory; units
for systemd come with it, none of them enabled.

They are built on net_xdp, an AF_XDP network backend.")

foreach(component LIB DEV)
  set(CPACK_DEBIAN_${component}_PACKAGE_MULTIARCH same)
endforeach()
set(CPACK_DEBIAN_TOOLS_PACKAGE_MULTIARCH foreign)

# The same for systems of RPM packages, where rpmbuild is: cpack --preset package -G RPM.
set(CPACK_RPM_COMPONENT_INSTALL YES)
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE BSD-2-Clause)
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION # directories that are other packages'
  /usr/lib/systemd /usr/lib/systemd/system /usr/share/bash-completion /usr/share/bash-completion/completions
  /usr/share/licenses /usr/share/man /usr/share/man/man1 /usr/share/man/man3 /usr/share/man/man7 /usr/share/man/man8
  ${CMAKE_INSTALL_FULL_LIBDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/cmake ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
set(CPACK_RPM_LIB_PACKAGE_NAME ${CPACK_DEBIAN_LIB_PACKAGE_NAME})
set(CPACK_RPM_DEV_PACKAGE_NAME libnet-xdp-devel)
set(CPACK_RPM_DEV_PACKAGE_REQUIRES
  "${CPACK_RPM_LIB_PACKAGE_NAME} = ${PROJECT_VERSION}, libbpf-devel, libmnl-devel, libxdp-devel")
set(CPACK_RPM_TOOLS_PACKAGE_NAME net-xdp-tools)
foreach(component LIB DEV TOOLS)
  string(REGEX REPLACE "\n.*" "" CPACK_RPM_${component}_PACKAGE_SUMMARY "${CPACK_COMPONENT_${component}_DESCRIPTION}")
endforeach()

include(CPack)
