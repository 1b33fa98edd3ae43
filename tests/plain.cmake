# SPDX-License-Identifier: BSD-2-Clause
# Plain programs that are tests. Support that asserts finds support/plain in place of Criterion.
set(plain_sources support/plain/plain.c support/clock.c support/foreign.c support/footprint.c support/frame.c
  support/netns.c support/peer.c)
set(sanitizer_words
  "ERROR: AddressSanitizer;ERROR: LeakSanitizer;runtime error:;WARNING: ThreadSanitizer")

# Random calls of the whole interface beside a model of who owns what.
file(GLOB model_sources CONFIGURE_DEPENDS model/*.c)
add_executable(model ${model_sources} ${plain_sources})
target_include_directories(model BEFORE PRIVATE support/plain)
target_link_libraries(model PRIVATE net_xdp_objects plain_options)
add_dependencies(model bpf_skeletons)
# The same steps each time; others by hand (CONTRIBUTING.md). Under a sanitizer they take longer.
set(model_steps 40000)
if(CMAKE_C_FLAGS MATCHES "sanitize")
  set(model_steps 15000)
endif()
add_test(NAME model COMMAND model --seed 1 --steps ${model_steps})
set_tests_properties(model PROPERTIES LABELS "netns;model" TIMEOUT 600
  FAIL_REGULAR_EXPRESSION "${sanitizer_words}")

# Threads, under ThreadSanitizer, which goes with no other sanitizer: the library's sources once more. A preset
# without a sanitizer builds these so; preset tsan builds everything so.
if(CMAKE_C_FLAGS MATCHES "sanitize|coverage" AND NOT CMAKE_C_FLAGS MATCHES "sanitize=thread")
  return()
endif()
if(CMAKE_C_FLAGS MATCHES "sanitize=thread")
  add_library(threaded_objects INTERFACE)
  target_sources(threaded_objects INTERFACE $<TARGET_OBJECTS:net_xdp_objects>)
  target_link_libraries(threaded_objects INTERFACE plain_options)
  add_dependencies(threaded_objects net_xdp_objects)
else()
  get_target_property(sources net_xdp_objects SOURCES)
  list(TRANSFORM sources PREPEND ${PROJECT_SOURCE_DIR}/)
  add_library(threaded_objects OBJECT ${sources})
  # gcc warns that it does not follow fences: at the rings' other side is the kernel, or the same thread.
  target_compile_options(threaded_objects PUBLIC
    -fsanitize=thread $<$<C_COMPILER_ID:GNU>:-Wno-tsan>)
  target_link_options(threaded_objects PUBLIC -fsanitize=thread)
  target_link_libraries(threaded_objects PUBLIC plain_options)
  add_dependencies(threaded_objects bpf_skeletons)
endif()

function(threaded_test name label)
  add_executable(${name} ${ARGN})
  target_include_directories(${name} BEFORE PRIVATE support/plain)
  target_link_libraries(${name} PRIVATE threaded_objects)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 180
    FAIL_REGULAR_EXPRESSION "${sanitizer_words}")
endfunction()
threaded_test(stress_stats unit stress/stats.c ${PROJECT_SOURCE_DIR}/bench/ring_lane.c)
target_include_directories(stress_stats PRIVATE ${PROJECT_SOURCE_DIR}/bench)
threaded_test(stress_wrap unit stress/wrap.c)
threaded_test(stress_control unit stress/control.c)
threaded_test(stress_threads netns stress/threads.c stress/seat.c ${plain_sources})
