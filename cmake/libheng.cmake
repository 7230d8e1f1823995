# libheng: base model codec meter as one static and one shared library, with the headers that src/heng.h reaches, a
# pkg-config file and reference pages. Needs the C library and nothing else.
#   cmake --install BUILD --component libheng --prefix DIR
set(HENG_LIBHENG ${CMAKE_BINARY_DIR}/libheng)

# The folders' own sources, what was generated for them included. The log is the server's: a library does not log.
set(libheng_sources)
foreach(folder base model codec meter)
    get_target_property(sources heng_${folder} SOURCES)
    list(APPEND libheng_sources ${sources})
endforeach()
list(FILTER libheng_sources EXCLUDE REGEX "/base/log\\.c$")

# Compiled once for both libraries, so that the static one can go into somebody's shared object as well.
add_library(libheng_objects OBJECT ${libheng_sources})
target_include_directories(libheng_objects PRIVATE ${CMAKE_SOURCE_DIR}/src ${HENG_GENERATED})
target_compile_options(libheng_objects PRIVATE -fPIC -fno-semantic-interposition)
set_target_properties(libheng_objects PROPERTIES HENG_SHAREABLE ON POSITION_INDEPENDENT_CODE ON)
target_link_libraries(libheng_objects PRIVATE heng_flags)

# Headers, reference pages and the list of exported symbols; fails when a public function is not described.
file(GLOB_RECURSE libheng_headers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/*.h)
add_custom_command(
    OUTPUT ${HENG_LIBHENG}/libheng.map ${HENG_LIBHENG}/public.txt
    COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/script/generate-libheng.py ${CMAKE_SOURCE_DIR}/src
            ${HENG_LIBHENG} ${PROJECT_VERSION}
    DEPENDS ${libheng_headers} ${CMAKE_SOURCE_DIR}/script/generate-libheng.py
    COMMENT "src/heng.h -> headers, reference pages, exports of libheng" VERBATIM)
add_custom_target(libheng_public DEPENDS ${HENG_LIBHENG}/libheng.map)

add_library(libheng_static STATIC $<TARGET_OBJECTS:libheng_objects>)
add_library(libheng_shared SHARED $<TARGET_OBJECTS:libheng_objects>)
add_dependencies(libheng_static libheng_public)
add_dependencies(libheng_shared libheng_public)
set_target_properties(libheng_static libheng_shared PROPERTIES OUTPUT_NAME heng LINKER_LANGUAGE C)
set_target_properties(libheng_shared PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
    LINK_DEPENDS ${HENG_LIBHENG}/libheng.map)
target_link_options(libheng_shared PRIVATE
    -Wl,--version-script=${HENG_LIBHENG}/libheng.map -Wl,-Bsymbolic -Wl,--as-needed -Wl,--no-undefined)

# The pkg-config file finds its prefix from its own place, so the tree can be moved.
file(RELATIVE_PATH HENG_PREFIX_FROM_PC ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(${CMAKE_SOURCE_DIR}/cmake/heng.pc.in ${HENG_LIBHENG}/heng.pc @ONLY)

install(TARGETS libheng_static libheng_shared
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libheng
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libheng)
install(FILES ${HENG_LIBHENG}/heng.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT libheng)
install(DIRECTORY ${HENG_LIBHENG}/include/heng DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT libheng)
install(DIRECTORY ${HENG_LIBHENG}/man3 DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT libheng)
install(FILES examples/decode.c docs/libheng/README.md LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libheng
    COMPONENT libheng)
