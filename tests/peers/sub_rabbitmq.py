# SPDX-License-Identifier: Apache-2.0
"""RabbitMQ with one of its plugins, as a program of ours and not as the distribution's service."""
import os

from processes import free_port

SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
START_SECONDS = 90
CONFIG = """
listeners.tcp.1 = 127.0.0.1:{amqp}
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 1MB
"""


WEB_STOMP = """
stomp.listeners.tcp.1 = 127.0.0.1:{other}
web_stomp.tcp.ip = 127.0.0.1
web_stomp.tcp.port = {port}
"""
MQTT = """
mqtt.listeners.tcp.1 = 127.0.0.1:{port}
"""


def start(place) -> None:
    start_plugin(place, "rabbitmq_web_stomp", WEB_STOMP)


def start_mqtt(place) -> None:
    start_plugin(place, "rabbitmq_mqtt", MQTT)


def start_plugin(place, plugin: str, config: str) -> None:
    """Erlang's nodes meet at an epmd: this one has its own, else a daemon would be left behind."""
    directory = place.directory / "rabbitmq"
    directory.mkdir()
    (directory / "rabbitmq.conf").write_text(
        (CONFIG + config).format(amqp=free_port(), other=free_port(), port=place.port),
        encoding="utf-8")
    (directory / "plugins").write_text(f"[{plugin}].\n", encoding="utf-8")
    epmd = free_port()
    place.run("epmd", ["epmd", "-port", str(epmd), "-address", "127.0.0.1"], port=epmd)
    environment = os.environ | {
        "HOME": str(directory),  # where Erlang keeps its cookie
        "ERL_EPMD_PORT": str(epmd),
        "RABBITMQ_NODENAME": f"peers{place.port}@localhost",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(directory / "data"),
        "RABBITMQ_LOG_BASE": str(directory),
        "RABBITMQ_CONFIG_FILE": str(directory / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "plugins"),
        "RUNNING_UNDER_SYSTEMD": "1",  # then the script becomes the server and can be stopped
    }
    place.run("rabbitmq-server", [SERVER], START_SECONDS, env=environment)
