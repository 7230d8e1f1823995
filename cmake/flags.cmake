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
    add_compile_options(-fstack-protector-strong -fstack-clash-protection
        -fcf-protection=full -fPIE)
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -ftrivial-auto-var-init=zero)
    else()
        add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
    endif()
    add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
if(HENG_COVERAGE)
    add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
    add_link_options(-fprofile-instr-generate -fcoverage-mapping)
endif()
