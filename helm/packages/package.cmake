# The .deb: `cpack -G DEB` in a build directory, after `ninja fanfare package_texts`.
set(package_dir ${CMAKE_BINARY_DIR}/package)
set(packaging ${CMAKE_SOURCE_DIR}/helm/packages)

# What the commands say of themselves. usage: fanfare_text(FILE WORDS...)
function(fanfare_text file)
  add_custom_command(
    OUTPUT ${package_dir}/${file}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${package_dir}
    COMMAND $<TARGET_FILE:fanfare> ${ARGN} > ${package_dir}/${file}
    DEPENDS fanfare VERBATIM)
endfunction()
fanfare_text(fanfare.1 man)
fanfare_text(fanfare.bash completions bash)
fanfare_text(_fanfare completions zsh)
fanfare_text(fanfare.fish completions fish)
# Debian wants both compressed, and the same bytes from the same source.
add_custom_command(OUTPUT ${package_dir}/fanfare.1.gz
                   COMMAND gzip -9nkf ${package_dir}/fanfare.1 DEPENDS ${package_dir}/fanfare.1)
add_custom_command(OUTPUT ${package_dir}/changelog.gz
                   COMMAND gzip -9nc ${packaging}/changelog > ${package_dir}/changelog.gz
                   DEPENDS ${packaging}/changelog VERBATIM)
add_custom_target(package_texts ALL
                  DEPENDS ${package_dir}/fanfare.1.gz ${package_dir}/changelog.gz ${package_dir}/fanfare.bash
                          ${package_dir}/_fanfare ${package_dir}/fanfare.fish)

install(TARGETS fanfare RUNTIME DESTINATION bin)
install(FILES ${packaging}/fanfare.service DESTINATION /usr/lib/systemd/system)
install(FILES ${packaging}/fanfare.sysusers DESTINATION /usr/lib/sysusers.d RENAME fanfare.conf)
install(FILES ${packaging}/fanfare.yaml DESTINATION /etc/fanfare)
install(FILES ${package_dir}/fanfare.1.gz DESTINATION share/man/man1)
install(FILES ${package_dir}/fanfare.bash DESTINATION share/bash-completion/completions RENAME fanfare)
install(FILES ${package_dir}/_fanfare DESTINATION share/zsh/vendor-completions)
install(FILES ${package_dir}/fanfare.fish DESTINATION share/fish/vendor_completions.d)
install(FILES ${packaging}/copyright ${package_dir}/changelog.gz DESTINATION share/doc/fanfare)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME fanfare)
set(CPACK_PACKAGE_CONTACT "the fanfare authors <fanfare@example.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "counts what chat servers send to their clients")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "eBPF agent that counts, in the kernel, every message that leaves for every
client of a chat server, and every log entry between the server's nodes; it
alerts within seconds when events get lost on the way. With a command line, a
live view and Prometheus metrics.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_FILE_NAME fanfare_${PROJECT_VERSION})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# systemd-sysusers makes the user, kill of procps reloads; ca-certificates checks an Alertmanager.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd, procps, init-system-helpers (>= 1.54)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${packaging}/postinst ${packaging}/prerm ${packaging}/postrm
                                       ${packaging}/conffiles)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
                                                WORLD_READ WORLD_EXECUTE)
include(CPack)
