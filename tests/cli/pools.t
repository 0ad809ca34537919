# Pools and aliases; debugging by list and in detail.
@include router.part
Router(config-if)#exit
Router(config)#access-list 1 permit 10.0.0.0 0.0.0.255
Router(config)#ip nat pool P 198.51.100.32 198.51.100.35 netmask 255.255.255.0
Router(config)#ip nat inside source list 1 pool P overload
Router(config)#ip nat inside source static 10.0.0.5 198.51.100.5
Router(config)#ip nat inside source static 10.0.0.6 198.51.100.6 no-alias
Router(config)#ip nat inside source static tcp 10.0.0.7 80 198.51.100.1 80
Router(config)#end
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Router#show ip nat pool name P
NAT Pool Statistics

Pool name P, id 1
                            Assigned        Available
Addresses                          0                4
UDP Low Ports                      0             2048
TCP Low Ports                      0             2048
UDP High Ports                     0           258048
TCP High Ports                     0           258048

(Low ports are 512 to 1023. High ports are greater than or equal to 1024.)
@packet
Router#show ip nat pool name P
NAT Pool Statistics

Pool name P, id 1
                            Assigned        Available
Addresses                          1                3
UDP Low Ports                      0             2048
TCP Low Ports                      0             2048
UDP High Ports                     1           258047
TCP High Ports                     0           258048

(Low ports are 512 to 1023. High ports are greater than or equal to 1024.)
Router#show ip nat pool name Q
% Pool Q does not exist
Router#show ip nat pool name
% Incomplete command.

Router#show ip aliases
Address Type             IP Address      Port
Interface                10.0.0.1
Interface                198.51.100.1
Dynamic                  198.51.100.5
Dynamic                  198.51.100.32
Dynamic                  198.51.100.33
Dynamic                  198.51.100.34
Dynamic                  198.51.100.35
Router#debug ip nat detailed 1
IP NAT detailed debugging is on for access list 1
Router#show debugging
Generic IP:
  IP NAT debugging is on for access list 1
  IP NAT detailed debugging is on for access list 1
Router#undebug ip nat detailed
IP NAT detailed debugging is off
Router#show debugging
Generic IP:
  IP NAT debugging is on for access list 1
Router#debug ip nat GUESTS
IP NAT debugging is on for access list GUESTS
Router#show debugging
Generic IP:
  IP NAT debugging is on for access list GUESTS
Router#no debug ip nat
IP NAT debugging is off
Router#show debugging
Router#debug ip nat detailed
IP NAT detailed debugging is on
Router#undebug all
All possible debugging has been turned off
Router#debug ip nat 2700
                    ^
% Invalid input detected at '^' marker.

