# Bundles the live page into one HTML file and that into the binary. npm fetches the two packages of
# package-lock.json, by their checksums, when the lock file has changed; else nothing is fetched.
find_program(NODE NAMES node nodejs)
find_program(NPM npm)
if(NOT NODE OR NOT NPM)
  message(FATAL_ERROR "node and npm bundle the live page: apt-get install nodejs npm "
                      "(node 18 or newer)")
endif()

function(fanfare_live_page target)
  set(sources ${CMAKE_CURRENT_SOURCE_DIR}/exports/page)
  set(work ${CMAKE_CURRENT_BINARY_DIR}/page)
  file(GLOB parts CONFIGURE_DEPENDS ${sources}/*.js ${sources}/*.html ${sources}/*.css)
  file(MAKE_DIRECTORY ${work})
  add_custom_command(
    OUTPUT ${work}/node_modules/.package-lock.json
    COMMAND ${CMAKE_COMMAND} -E copy ${sources}/package.json ${sources}/package-lock.json ${work}
    COMMAND ${NPM} ci --silent --no-audit --no-fund --ignore-scripts
    COMMAND ${CMAKE_COMMAND} -E touch ${work}/node_modules/.package-lock.json
    DEPENDS ${sources}/package.json ${sources}/package-lock.json
    WORKING_DIRECTORY ${work}
    COMMENT "Fetching what the live page is built of"
    VERBATIM)
  add_custom_command(
    OUTPUT ${work}/live_page.cpp ${work}/page.html
    COMMAND ${CMAKE_COMMAND} -E copy ${parts} ${work}
    COMMAND ${NODE} build.js
    DEPENDS ${parts} ${work}/node_modules/.package-lock.json
    WORKING_DIRECTORY ${work}
    COMMENT "Bundling the live page"
    VERBATIM)
  target_sources(${target} PRIVATE ${work}/live_page.cpp)
endfunction()
