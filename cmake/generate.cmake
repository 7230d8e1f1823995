# Code that is made from data: the API contract, the SQL statements, the meter profiles, the built console.
set(HENG_GENERATED ${CMAKE_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${HENG_GENERATED}/api ${HENG_GENERATED}/store ${HENG_GENERATED}/meter
    ${HENG_GENERATED}/uplink)

# openapi.yaml -> api/contract.h, api/contract.c
if(TARGET heng_api)
    add_custom_command(
        OUTPUT ${HENG_GENERATED}/api/contract.h ${HENG_GENERATED}/api/contract.c
        COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/script/generate-api.py ${CMAKE_SOURCE_DIR}/openapi.yaml
                ${HENG_GENERATED}/api
        DEPENDS ${CMAKE_SOURCE_DIR}/openapi.yaml ${CMAKE_SOURCE_DIR}/script/generate-api.py
        COMMENT "openapi.yaml -> C" VERBATIM)
    target_sources(heng_api PRIVATE ${HENG_GENERATED}/api/contract.c ${HENG_GENERATED}/api/contract.h)
    target_include_directories(heng_api PUBLIC ${HENG_GENERATED})
endif()

# sql/ -> store/sql_text.h: migrations and statements as strings
if(TARGET heng_store)
    file(GLOB_RECURSE sql_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/sql/*.sql)
    add_custom_command(
        OUTPUT ${HENG_GENERATED}/store/sql_text.h
        COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/script/generate-sql.py ${CMAKE_SOURCE_DIR}/sql
                ${HENG_GENERATED}/store/sql_text.h
        DEPENDS ${sql_files} ${CMAKE_SOURCE_DIR}/script/generate-sql.py
        COMMENT "sql/ -> C" VERBATIM)
    target_sources(heng_store PRIVATE ${HENG_GENERATED}/store/sql_text.h)
    target_include_directories(heng_store PUBLIC ${HENG_GENERATED})
endif()

# src/uplink/uplink.proto -> uplink/uplink.pb-c.[hc]. The code is the compiler's of protobuf-c: not held to our warnings.
if(TARGET heng_uplink)
    add_custom_command(
        OUTPUT ${HENG_GENERATED}/uplink/uplink.pb-c.h ${HENG_GENERATED}/uplink/uplink.pb-c.c
        COMMAND ${HENG_PROTOC_C} --proto_path=${CMAKE_SOURCE_DIR}/src/uplink --c_out=${HENG_GENERATED}/uplink uplink.proto
        DEPENDS ${CMAKE_SOURCE_DIR}/src/uplink/uplink.proto
        COMMENT "uplink.proto -> C" VERBATIM)
    add_library(heng_uplink_messages STATIC ${HENG_GENERATED}/uplink/uplink.pb-c.c ${HENG_GENERATED}/uplink/uplink.pb-c.h)
    target_include_directories(heng_uplink_messages SYSTEM PUBLIC ${HENG_GENERATED})
    target_link_libraries(heng_uplink_messages PUBLIC PkgConfig::PROTOBUF_C)
    target_link_libraries(heng_uplink PRIVATE heng_uplink_messages)
    add_dependencies(heng_uplink heng_uplink_messages)
endif()

# profiles/ -> meter/profile_files.c: the shipped meter profiles
file(GLOB profile_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/profiles/*.json)
add_custom_command(
    OUTPUT ${HENG_GENERATED}/meter/profile_files.c
    COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/script/generate-profiles.py ${CMAKE_SOURCE_DIR}/profiles
            ${HENG_GENERATED}/meter/profile_files.c
    DEPENDS ${profile_files} ${CMAKE_SOURCE_DIR}/script/generate-profiles.py
    COMMENT "profiles/ -> C" VERBATIM)
target_sources(heng_meter PRIVATE ${HENG_GENERATED}/meter/profile_files.c)

# web/dist -> one object with every file of the console, raw and compressed
function(heng_embed_web target)
    if(NOT HENG_WEB)
        return()
    endif()
    if(NOT EXISTS ${CMAKE_SOURCE_DIR}/web/dist/index.html)
        message(FATAL_ERROR "the console is not built: run ./script/build-web first, or configure with -DHENG_WEB=OFF "
                            "and start heng serve with --web-root DIR")
    endif()
    file(GLOB_RECURSE web_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/dist/*)
    add_custom_command(
        OUTPUT ${HENG_GENERATED}/api/web_files.c
        COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/script/generate-web.py ${CMAKE_SOURCE_DIR}/web/dist
                ${HENG_GENERATED}/api
        DEPENDS ${web_files} ${CMAKE_SOURCE_DIR}/script/generate-web.py
        COMMENT "web/dist -> C" VERBATIM)
    target_sources(${target} PRIVATE ${HENG_GENERATED}/api/web_files.c)
    target_compile_definitions(${target} PRIVATE HENG_WEB_EMBEDDED)
    target_include_directories(${target} PRIVATE ${HENG_GENERATED})
endfunction()
