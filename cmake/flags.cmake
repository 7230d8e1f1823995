# Warnings are errors for our own code. Sources: style of the house (ARCHITECTURE.md), hardening set measured
# to cost nothing with gcc 12.
add_library(heng_flags INTERFACE)
target_compile_options(heng_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes -Wmissing-prototypes
    -Wswitch-enum -Wvla -Wformat=2 -Werror)
target_compile_definitions(heng_flags INTERFACE _GNU_SOURCE HENG_VERSION="${PROJECT_VERSION}")
if(HENG_SANITIZE)
    # For everything, so that no object is left without its instrumentation.
    add_compile_options(-fsanitize=${HENG_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${HENG_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
    # Programs are position-independent (-fPIE costs the codecs less than -fPIC); libheng asks for -fPIC itself.
    add_compile_options(-fstack-protector-strong -fstack-clash-protection
        -fcf-protection=full $<$<NOT:$<BOOL:$<TARGET_PROPERTY:HENG_SHAREABLE>>>:-fPIE>)
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -ftrivial-auto-var-init=zero)
    else()
        add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
    endif()
    add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie> -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
if(HENG_FUZZ)
    # The code under attack must report which way it goes, or the fuzzer is blind; main comes with the targets only.
    add_compile_options(-fsanitize=fuzzer-no-link)
    # The JSON writer goes the same way for all of them, and would report at every character.
    set_source_files_properties(${CMAKE_SOURCE_DIR}/src/base/json.c ${CMAKE_SOURCE_DIR}/src/base/buf.c
        PROPERTIES COMPILE_OPTIONS -fno-sanitize=fuzzer-no-link)
endif()
if(HENG_COVERAGE)
    add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
    add_link_options(-fprofile-instr-generate -fcoverage-mapping)
endif()
